-- One row per channel, audience and time at which a platform reported how many of the uploaded people it matched.
select
    lower(channel) as channel,
    audience_code,
    measured_at,
    rows_uploaded,
    rows_matched
from {{ latest_version('match_results', ['channel', 'audience_code', 'measured_at'], event_at='measured_at') }}
