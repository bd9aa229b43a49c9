-- One row per segment, member who is left out of its audiences, and why: inactive people leave active campaigns,
-- unless winning them back is what the segment is for; and members of a segment that this one excludes.
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
        on inactive.segment_code = 'inactive' and membership.customer_key = inactive.customer_key
    where segments.suppress_inactive

),

excluded as (

    select distinct
        membership.segment_code,
        membership.customer_key,
        'excluded' as reason
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('dim_segments') }} as others on segments.excludes like '%"' || others.segment_code || '"%'
    inner join membership on segments.segment_code = membership.segment_code
    inner join membership as other_membership
        on
            others.segment_code = other_membership.segment_code
            and membership.customer_key = other_membership.customer_key

)

select
    cast(segment_code as string) as segment_code,
    cast(customer_key as string) as customer_key,
    cast(reason as string) as reason
from inactive
union all
select
    cast(segment_code as string) as segment_code,
    cast(customer_key as string) as customer_key,
    cast(reason as string) as reason
from excluded
