-- One row per segment: how many are in it, what share of customers, and whether it can be acted on.
with

sizes as (

    select segment_code, count(*) as members
    from {{ ref('segment_membership') }}
    group by segment_code

),

customers as (

    select count(*) as customers from {{ ref('customer_360') }}

),

absent as (

    select
        segments.segment_code,
        replace(translate({{ json_text_array('landing.table_name') }}, '[]"', ''), ',', ', ') as absent_tables
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('stg_landing__tables') }} as landing
        on not landing.is_present and segments.needs like '%"' || landing.table_name || '"%'
    group by segments.segment_code

)

select
    cast(segments.segment_code as string) as segment_code,
    cast(segments.label as string) as label,
    cast(segments.owner as string) as owner,
    cast(segments.priority as bigint) as priority,
    cast(coalesce(sizes.members, 0) as bigint) as members,
    cast(coalesce(sizes.members, 0) / nullif(cast(customers.customers as double), 0) as double) as share,
    cast(case
        when absent.absent_tables is not null then 'empty: the landing lacks ' || absent.absent_tables
        when segments.needs_model <> '' and champions.version is null
            then 'empty: ' || segments.needs_model || ' does not score yet, rpt_models says why'
        when sizes.members is null then 'empty: nobody matches'
        when sizes.members < segments.minimum_share * customers.customers then 'too small'
        else 'ready'
    end as string) as status
from {{ ref('dim_segments') }} as segments
cross join customers
left join sizes on segments.segment_code = sizes.segment_code
left join absent on segments.segment_code = absent.segment_code
left join {{ ref('int_champions') }} as champions on segments.needs_model = champions.model_code
