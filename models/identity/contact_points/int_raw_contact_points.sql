-- One row per e-mail or phone as a source wrote it, and the country of its record, by which a phone is parsed.
with

values_in_sources as (

    select 'email' as kind, email as raw_value, null as country_code from {{ ref('stg_crm__contacts') }}
    union all
    select 'email', email, null from {{ ref('stg_shop__accounts') }}
    union all
    select 'email', email, null from {{ ref('stg_shop__orders') }}
    union all
    select 'email', email, null from {{ ref('stg_email__events') }}
    union all
    select 'email', email, null from {{ ref('stg_service__contacts') }}
    union all
    select 'phone', phone, null from {{ ref('stg_service__contacts') }}
    union all
    select 'phone', phone, country_code from {{ ref('stg_crm__contacts') }}
    union all
    select 'phone', phone, country_code from {{ ref('stg_shop__accounts') }}
    union all
    select 'phone', phone, country_code from {{ ref('stg_shop__orders') }}
    union all
    select id_type, id_value, null from {{ ref('stg_consent__events') }}
    union all
    select id_type, id_value, null from {{ ref('stg_campaigns__touches') }}
    union all
    select id_type, id_value, null from {{ ref('stg_lists__members') }}
    union all
    select id_type, id_value, null from {{ ref('stg_consent__erasure_requests') }}
    union all
    select left_id_type, left_id_value, null from {{ ref('stg_stewards__identity_decisions') }}
    union all
    select right_id_type, right_id_value, null from {{ ref('stg_stewards__identity_decisions') }}

)

select distinct
    kind,
    raw_value,
    case when kind = 'phone' then coalesce(country_code, '') else '' end as country_code
from values_in_sources
where kind in ('email', 'phone') and raw_value is not null
