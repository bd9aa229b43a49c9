-- One row per audience and customer for Meta Custom Audiences. Everything that identifies a person is hashed, except
-- for extern_id.
with

-- Californians without their own consent: Meta may use their data for our ads only.
limited_use as (

    select distinct customer_key
    from {{ ref('dim_consent') }}
    where
        channel = 'all'
        and jurisdiction = 'US-CA'
        and purpose in ('ad_user_data', 'ad_personalization')
        and basis <> 'granted'

),

shape as (

    select
        members.audience_code,
        members.customer_key as extern_id,
        identifiers.email_sha256 as email,
        identifiers.phone_digits_sha256 as phone,
        identifiers.first_name_meta_sha256 as fn,
        identifiers.first_initial_meta_sha256 as fi,
        identifiers.last_name_meta_sha256 as ln,
        identifiers.city_sha256 as ct,
        identifiers.region_sha256 as st,
        identifiers.postal_code_meta_sha256 as zip,
        identifiers.country_sha256 as country,
        identifiers.birth_year_sha256 as doby,
        identifiers.birth_month_sha256 as dobm,
        identifiers.birth_day_sha256 as dobd,
        -- Never null: Meta would keep the value of the upload before.
        case when limited_use.customer_key is not null then '["LDU"]' else '[]' end as data_processing_options,
        cast(case when limited_use.customer_key is not null then 1 end as bigint) as data_processing_options_country,
        cast(case when limited_use.customer_key is not null then 1000 end as bigint) as data_processing_options_state
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    left join limited_use on members.customer_key = limited_use.customer_key
    where
        members.channel = 'meta'
        and coalesce(identifiers.email_sha256, identifiers.phone_digits_sha256) is not null

)

{{ audience_rows('shape', channel='meta', key=['audience_code', 'extern_id'], hashed=[
    'audience_code', 'extern_id', 'email', 'phone', 'fn', 'fi', 'ln', 'ct', 'st', 'zip', 'country', 'doby', 'dobm',
    'dobd', 'data_processing_options'
]) }}
