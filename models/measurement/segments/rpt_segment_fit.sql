-- One row per segment and finding about how its rule fits this shop, with the threshold that would fit better, if one
-- number in the rule can be moved. Nothing is changed by it: the owner of the segment decides.
with

customers as (

    select count(*) as customers from {{ ref('customer_360') }}

)

select
    misfits.segment_code,
    misfits.finding,
    misfits.other_segment_code,
    misfits.members,
    misfits.share,
    proposals.condition,
    proposals.proposed_condition,
    proposals.proposed_members,
    proposals.proposed_members / nullif(cast(customers.customers as double), 0) as proposed_share,
    case misfits.finding
        when 'most customers' then 'holds ' || {{ whole_percent('misfits.share') }} || ' of all customers'
        when 'nobody' then 'holds nobody, with all data it needs'
        when 'same customers'
            then
                'holds nearly the same customers as ' || misfits.other_segment_code || ' (Jaccard '
                || cast(cast(misfits.jaccard as decimal(4, 2)) as string) || ')'
    end || case
        when proposals.condition is null then '; no number in its rule changes that'
        else
            '; with ' || proposals.proposed_condition || ' in place of ' || proposals.condition || ' it would hold '
            || cast(proposals.proposed_members as string) || ' ('
            || {{ whole_percent('proposals.proposed_members / cast(customers.customers as double)') }} || ')'
    end as explanation
from {{ ref('int_segment_misfits') }} as misfits
cross join customers
left join {{ ref('int_threshold_proposals') }} as proposals
    on misfits.segment_code = proposals.segment_code and misfits.finding = proposals.finding
