-- One row per audience and customer for Meta Custom Audiences. All that identifies is hashed but extern_id.
with

-- Californians who have not said yes themselves: Meta may use what it gets of them for us only.
limited as (

    select distinct customer_key
    from {{ ref('dim_consent') }}
    where
        channel = 'all'
        and jurisdiction = 'US-CA'
        and purpose in ('ad_user_data', 'ad_personalization')
        and basis <> 'granted'

),

addressed as (

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
        -- Said of everybody: a null would leave yesterday's word standing.
        case when limited.customer_key is not null then '["LDU"]' else '[]' end as data_processing_options,
        case when limited.customer_key is not null then 1 end as data_processing_options_country,
        case when limited.customer_key is not null then 1000 end as data_processing_options_state
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    left join limited on members.customer_key = limited.customer_key
    where
        members.channel = 'meta'
        and coalesce(identifiers.email_sha256, identifiers.phone_digits_sha256) is not null

),

said as (

    select
        {{ audience_row_id('meta', 'audience_code', 'extern_id') }} as audience_row_id,
        audience_code,
        extern_id,
        email,
        phone,
        fn,
        fi,
        ln,
        ct,
        st,
        zip,
        country,
        doby,
        dobm,
        dobd,
        cast(data_processing_options as string) as data_processing_options,
        cast(data_processing_options_country as bigint) as data_processing_options_country,
        cast(data_processing_options_state as bigint) as data_processing_options_state,
        {{ row_hash([
            'audience_code', 'extern_id', 'email', 'phone', 'fn', 'fi', 'ln', 'ct', 'st', 'zip', 'country',
            'doby', 'dobm', 'dobd', 'data_processing_options'
        ]) }} as row_hash
    from addressed

)

select
    said.*,
    {{ since_last_change() }}
from said
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on
        last_rows.channel = 'meta'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
