-- One row per customer in any segment: all their segments, and the primary one. The lowest priority number
-- wins; two segments of one priority go by code, so the choice never depends on the order of rows.
select
    cast(membership.customer_key as string) as customer_key,
    cast({{ json_text_array('membership.segment_code') }} as string) as segment_codes,
    cast(count(*) as bigint) as segments,
    cast(
        min_by(membership.segment_code, {{ segment_standing('segments.priority', 'membership.segment_code') }})
        as string
    ) as primary_segment
from {{ ref('segment_membership') }} as membership
inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
group by membership.customer_key
