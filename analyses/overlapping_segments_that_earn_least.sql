-- One row per pair of segments of which at least half the members are the same, those that earn least first. Candidates
-- for one segment instead of two.
with

spend as (

    select
        membership.segment_code,
        cast(sum(cast(customers.spend_30d as decimal(18, 4))) as double) as spend_30d
    from {{ ref('segment_membership') }} as membership
    inner join {{ ref('customer_360') }} as customers on membership.customer_key = customers.customer_key
    group by membership.segment_code

)

select
    overlap.segment_code,
    overlap.other_segment_code,
    overlap.members_of_both,
    overlap.jaccard,
    spend.spend_30d / nullif(overlap.members, 0) as spend_per_member_30d,
    other_spend.spend_30d / nullif(overlap.other_members, 0) as other_spend_per_member_30d
from {{ ref('segment_overlap') }} as overlap
left join spend on overlap.segment_code = spend.segment_code
left join spend as other_spend on overlap.other_segment_code = other_spend.segment_code
where overlap.jaccard >= 0.5
order by
    coalesce(spend.spend_30d, 0) + coalesce(other_spend.spend_30d, 0),
    overlap.segment_code,
    overlap.other_segment_code
