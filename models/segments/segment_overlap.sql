-- One row per pair of segments that both have members: how many customers are in both, and their Jaccard index.
-- Customers in the same segments are counted together first: there are far fewer such sets than customers.
with

member_sets as (

    select
        segment_codes,
        min(customer_key) as one_customer_key,
        count(*) as customers
    from {{ ref('customer_segments') }}
    group by segment_codes

),

set_members as (

    select
        membership.segment_code,
        member_sets.segment_codes,
        member_sets.customers
    from member_sets
    inner join {{ ref('segment_membership') }} as membership
        on member_sets.one_customer_key = membership.customer_key

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

),

counts as (

    select
        a.segment_code,
        b.segment_code as other_segment_code,
        cast(a.members as bigint) as members,
        cast(b.members as bigint) as other_members,
        cast(coalesce(pairs.members_of_both, 0) as bigint) as members_of_both
    from sizes as a
    inner join sizes as b on a.segment_code < b.segment_code
    left join pairs
        on a.segment_code = pairs.segment_code and b.segment_code = pairs.other_segment_code

)

select
    segment_code,
    other_segment_code,
    members,
    other_members,
    members_of_both,
    members_of_both / cast(members + other_members - members_of_both as double) as jaccard
from counts
