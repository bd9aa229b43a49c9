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

),

said as (

    select
        {{ audience_row_id('google_ads', 'audience_code', 'customer_key') }} as audience_row_id,
        audience_code,
        customer_key,
        hashed_email,
        hashed_phone,
        hashed_first_name,
        hashed_last_name,
        region_code,
        postal_code,
        -- Consent is stated per upload, so only people who said yes to both are here.
        cast('GRANTED' as string) as ad_user_data,
        cast('GRANTED' as string) as ad_personalization,
        {{ row_hash([
            'audience_code', 'hashed_email', 'hashed_phone', 'hashed_first_name', 'hashed_last_name',
            'region_code', 'postal_code'
        ]) }} as row_hash
    from addressed

)

select
    said.*,
    {{ since_last_change() }}
from said
left join {{ source('ledger', 'audience_rows') }} as last_rows
    on
        last_rows.channel = 'google_ads'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
