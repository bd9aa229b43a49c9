-- One row per candidate of an audience, with the first reason why no live action is taken for them at this moment, if
-- any: that of the audience, or the quiet hours of the channel. An audience is picked up at an hour that the tool
-- chooses, so quiet hours leave nobody out of it.
select
    candidates.channel,
    candidates.segment_code,
    candidates.customer_key,
    candidates.entered_at,
    coalesce(candidates.left_out_because, case when quiet.is_quiet then 'quiet_hours' end) as left_out_because
from {{ ref('int_audience_candidates') }} as candidates
left join {{ ref('int_quiet_hours') }} as quiet
    on candidates.customer_key = quiet.customer_key and candidates.channel = quiet.channel
