-- One row per segment and member who is left out of its audiences, and why: inactive people leave active
-- campaigns, unless winning them back is what the segment is for.
select
    cast(membership.segment_code as string) as segment_code,
    cast(membership.customer_key as string) as customer_key,
    cast('inactive' as string) as reason
from {{ ref('segment_membership') }} as membership
inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
inner join {{ ref('segment_membership') }} as inactive
    on inactive.segment_code = 'inactive' and membership.customer_key = inactive.customer_key
where segments.suppress_inactive
