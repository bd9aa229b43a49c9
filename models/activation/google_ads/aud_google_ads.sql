-- One row per audience and customer for Google Customer Match. Names and contact points only as hashes.
with

addressed as (

    select
        members.audience_code,
        members.customer_key,
        {{ hashed(google_email('customers.email')) }} as hashed_email,
        {{ hashed('customers.phone') }} as hashed_phone,
        {{ hashed(plain_name('customers.first_name')) }} as hashed_first_name,
        {{ hashed(plain_name('customers.last_name')) }} as hashed_last_name,
        customers.country_code as region_code,
        customers.postal_code
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('dim_customers') }} as customers on members.customer_key = customers.customer_key
    where members.channel = 'google_ads' and coalesce(customers.email, customers.phone) is not null

)

select
    {{ audience_row_id('google_ads', 'audience_code', 'customer_key') }} as audience_row_id,
    audience_code,
    hashed_email,
    hashed_phone,
    hashed_first_name,
    hashed_last_name,
    region_code,
    postal_code,
    -- Consent is stated per upload, so only people who said yes to both are here.
    cast('GRANTED' as string) as ad_user_data,
    cast('GRANTED' as string) as ad_personalization,
    {{ audience_stamp([
        'audience_code', 'hashed_email', 'hashed_phone', 'hashed_first_name', 'hashed_last_name', 'region_code', 'postal_code'
    ]) }}
from addressed
