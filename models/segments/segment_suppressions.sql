-- One row per segment, member who is left out of its audiences, and reason: the member is inactive, in the
-- shop's rhythm (unless the segment exists to win inactive customers back), or is in a segment that this one excludes.
with

membership as (

    select * from {{ ref('segment_membership') }}

),

inactive as (

    select
        membership.segment_code,
        membership.customer_key,
        'inactive' as reason
    from membership
    inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
    inner join membership as inactive
        on
            inactive.segment_code = '{{ var("inactive_segment") }}'
            and membership.customer_key = inactive.customer_key
    where segments.suppress_inactive

),

-- A member can be in several excluded segments, and is left out once.
excluded as (

    select distinct
        membership.segment_code,
        membership.customer_key,
        'excluded' as reason
    from membership
    inner join {{ ref('segment_excludes') }} as excludes on membership.segment_code = excludes.segment_code
    inner join membership as other_membership
        on
            excludes.excluded_segment_code = other_membership.segment_code
            and membership.customer_key = other_membership.customer_key

)

select segment_code, customer_key, reason
from inactive
union all
select segment_code, customer_key, reason
from excluded
