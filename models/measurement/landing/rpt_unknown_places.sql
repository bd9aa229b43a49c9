-- One row per landing table, kind of place and value that is not recognised as a country, or as a region of the US,
-- Canada or Australia, with how many rows have it. Values of fewer than five rows are counted together, for they may be
-- personal.
with

places as (

    select 'contacts' as table_name, 'country' as kind, unknown_country as written from {{ ref('stg_crm__contacts') }}
    union all
    select 'contacts', 'region', unknown_region from {{ ref('stg_crm__contacts') }}
    union all
    select 'accounts', 'country', unknown_country from {{ ref('stg_shop__accounts') }}
    union all
    select 'accounts', 'region', unknown_region from {{ ref('stg_shop__accounts') }}
    union all
    select 'orders', 'country', unknown_country from {{ ref('stg_shop__orders') }}

),

counted as (

    select
        table_name,
        kind,
        case
            when
                count(*) over (partition by table_name, kind, written) >= 5
                and length(written) <= 40 and not {{ matches('written', '[@0-9]') }}
                then written
        end as written
    from places
    where written is not null

)

select
    table_name,
    kind,
    written,
    count(*) as rows_affected
from counted
group by table_name, kind, written
