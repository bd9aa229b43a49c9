-- One row per customer in any segment: all their segments, and the primary one. The lowest priority number wins.
-- Segments of equal priority are ordered by code, so that the choice never depends on the order of rows.
select
    membership.customer_key,
    {{ json_text_array('membership.segment_code') }} as segment_codes,
    count(*) as segments,
    min_by(membership.segment_code, {{ segment_precedence('segments.priority', 'membership.segment_code') }})
        as primary_segment
from {{ ref('segment_membership') }} as membership
inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
group by membership.customer_key
