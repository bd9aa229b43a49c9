-- One row per audience and customer for Google Customer Match. Names and contact points only as hashes.
{#- Google matches an address by all four of its parts; fewer would be sent for nothing. -#}
{% set has_address %}
    identifiers.first_name_google_sha256 is not null and identifiers.last_name_google_sha256 is not null
    and identifiers.region_code is not null and identifiers.postal_code is not null
{% endset %}
with

addressed as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_google_sha256 as hashed_email,
        identifiers.phone_e164_sha256 as hashed_phone,
        case when {{ has_address }} then identifiers.first_name_google_sha256 end as hashed_first_name,
        case when {{ has_address }} then identifiers.last_name_google_sha256 end as hashed_last_name,
        case when {{ has_address }} then identifiers.region_code end as region_code,
        case when {{ has_address }} then identifiers.postal_code end as postal_code
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where
        members.channel = 'google_ads'
        and coalesce(identifiers.email_google_sha256, identifiers.phone_e164_sha256) is not null

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
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on
        last_rows.channel = 'google_ads'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
