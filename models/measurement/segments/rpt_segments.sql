-- One row per segment: its members, their share of customers, and whether it can be used.
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
        needs.segment_code,
        replace(translate({{ json_text_array('landing.table_name') }}, '[]"', ''), ',', ', ') as absent_tables
    from {{ ref('segment_needs') }} as needs
    inner join {{ ref('stg_landing__tables') }} as landing on needs.landing_table = landing.table_name
    where not landing.is_present
    group by needs.segment_code

)

select
    segments.segment_code,
    segments.label,
    segments.owner,
    segments.priority,
    coalesce(sizes.members, 0) as members,
    coalesce(sizes.members, 0) / nullif(cast(customers.customers as double), 0) as share,
    case
        when absent.absent_tables is not null then 'empty: the landing lacks ' || absent.absent_tables
        when segments.needs_model <> '' and champions.version is null
            then 'empty: ' || segments.needs_model || ' does not score yet, rpt_models says why'
        when segments.needs_model <> '' and not champions.ranks_well
            then
                'empty: ' || segments.needs_model || ' orders customers no better than chance, rpt_models says how well'
        when sizes.members is null and segments.needs_model = 'micro_segments'
            then 'empty: not among the groups found'
        when sizes.members is null then 'empty: nobody matches'
        when sizes.members < segments.minimum_share * customers.customers then 'too small'
        else 'ready'
    end as status
from {{ ref('dim_segments') }} as segments
cross join customers
left join sizes on segments.segment_code = sizes.segment_code
left join absent on segments.segment_code = absent.segment_code
left join {{ ref('int_champions') }} as champions on segments.needs_model = champions.model_code
