-- One row per segment and finding about how it fits this shop: it holds more than half of all customers, or nobody, or
-- nearly the same customers as a segment that takes precedence. `aim` is about how many members would fit, between
-- `fewest` and `most`. Micro-segments are left out: they are as large as the groups are.
with

customers as (

    select count(*) as customers from {{ ref('customer_360') }}

),

segments as (

    select
        sizes.segment_code,
        sizes.priority,
        sizes.members,
        sizes.share,
        sizes.status,
        definitions.minimum_share,
        definitions.definition,
        customers.customers
    from {{ ref('rpt_segments') }} as sizes
    inner join {{ ref('dim_segments') }} as definitions on sizes.segment_code = definitions.segment_code
    cross join customers
    where definitions.needs_model <> 'micro_segments'

),

pairs as (

    select segment_code, other_segment_code, jaccard from {{ ref('segment_overlap') }}
    union all
    select other_segment_code, segment_code, jaccard from {{ ref('segment_overlap') }}

),

twins as (

    select
        segments.segment_code,
        others.segment_code as other_segment_code,
        pairs.jaccard
    from pairs
    inner join segments on pairs.segment_code = segments.segment_code
    inner join segments as others on pairs.other_segment_code = others.segment_code
    where
        pairs.jaccard >= 0.9
        and segments.status = 'ready'
        and others.status = 'ready'
        and (others.priority < segments.priority or (
            others.priority = segments.priority and others.segment_code < segments.segment_code
        ))
    qualify row_number() over (
        partition by segments.segment_code order by pairs.jaccard desc, others.priority, others.segment_code
    ) = 1

)

select
    segment_code,
    'most customers' as finding,
    cast(null as string) as other_segment_code,
    cast(null as double) as jaccard,
    definition,
    members,
    share,
    cast(round(0.2 * customers) as bigint) as aim,
    cast(1 as bigint) as fewest,
    cast(floor(0.5 * customers) as bigint) as most
from segments
where share > 0.5
union all
select
    segment_code,
    'nobody',
    cast(null as string),
    cast(null as double),
    definition,
    members,
    share,
    cast(ceil(minimum_share * customers) as bigint),
    cast(1 as bigint),
    cast(floor(0.5 * customers) as bigint)
from segments
where status = 'empty: nobody matches'
union all
select
    segments.segment_code,
    'same customers',
    twins.other_segment_code,
    twins.jaccard,
    segments.definition,
    segments.members,
    segments.share,
    cast(round(segments.members / 2.0) as bigint),
    cast(1 as bigint),
    cast(floor(0.8 * segments.members) as bigint)
from segments
inner join twins on segments.segment_code = twins.segment_code
