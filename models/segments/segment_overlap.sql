-- One row per pair of segments: how many customers are in both, and how alike they are (Jaccard).
-- Customers are first grouped by the set of segments they are in: there are far fewer sets than customers.
with

member_sets as (

    select segment_codes, count(*) as customers
    from {{ ref('customer_segments') }}
    group by segment_codes

),

set_members as (

    select
        segments.segment_code,
        member_sets.segment_codes,
        member_sets.customers
    from member_sets
    inner join {{ ref('dim_segments') }} as segments
        on member_sets.segment_codes like '%"' || segments.segment_code || '"%'

),

sizes as (

    select segment_code, sum(customers) as members
    from set_members
    group by segment_code

),

pairs as (

    select
        a.segment_code,
        b.segment_code as other_segment_code,
        sum(a.customers) as members_of_both
    from set_members as a
    inner join set_members as b
        on a.segment_codes = b.segment_codes and a.segment_code < b.segment_code
    group by a.segment_code, b.segment_code

)

select
    cast(a.segment_code as string) as segment_code,
    cast(b.segment_code as string) as other_segment_code,
    cast(a.members as bigint) as members,
    cast(b.members as bigint) as other_members,
    cast(coalesce(pairs.members_of_both, 0) as bigint) as members_of_both,
    cast(
        coalesce(pairs.members_of_both, 0) / cast(a.members + b.members - coalesce(pairs.members_of_both, 0) as double)
        as double
    ) as jaccard
from sizes as a
inner join sizes as b on a.segment_code < b.segment_code
left join pairs
    on a.segment_code = pairs.segment_code and b.segment_code = pairs.other_segment_code
