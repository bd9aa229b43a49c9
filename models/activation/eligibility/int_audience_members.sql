-- One row per channel, segment and customer who may be addressed there. The channel's own model then drops those it
-- has no address or identifier for.
select
    candidates.channel,
    candidates.segment_code,
    candidates.customer_key,
    candidates.entered_at,
    segments.audience_code,
    segments.priority
from {{ ref('int_audience_candidates') }} as candidates
inner join {{ ref('dim_segments') }} as segments on candidates.segment_code = segments.segment_code
where candidates.left_out_because is null
