-- One row per audience and customer for Google Customer Match. Names and contact points are hashes only.
{#- Google matches an address by all four of its parts, so an incomplete address is not sent. -#}
{% set has_address %}
    identifiers.first_name_google_sha256 is not null and identifiers.last_name_google_sha256 is not null
    and identifiers.region_code is not null and identifiers.postal_code is not null
{% endset %}
with

shape as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_google_sha256 as hashed_email,
        identifiers.phone_e164_sha256 as hashed_phone,
        case when {{ has_address }} then identifiers.first_name_google_sha256 end as hashed_first_name,
        case when {{ has_address }} then identifiers.last_name_google_sha256 end as hashed_last_name,
        case when {{ has_address }} then identifiers.region_code end as region_code,
        case when {{ has_address }} then identifiers.postal_code end as postal_code,
        -- Consent is stated per upload, so only people who granted both purposes are here.
        'GRANTED' as ad_user_data,
        'GRANTED' as ad_personalization
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where
        members.channel = 'google_ads'
        and coalesce(identifiers.email_google_sha256, identifiers.phone_e164_sha256) is not null

)

{{ audience_rows('shape', channel='google_ads', key=['audience_code', 'customer_key'], hashed=[
    'audience_code', 'hashed_email', 'hashed_phone', 'hashed_first_name', 'hashed_last_name', 'region_code',
    'postal_code'
]) }}
