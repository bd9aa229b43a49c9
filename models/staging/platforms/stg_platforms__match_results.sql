-- One row per channel, audience and moment a platform told how many of the uploaded people it knows.
select
    lower(channel) as channel,
    audience_code,
    measured_at,
    rows_uploaded,
    rows_matched
from {{ latest_version('match_results', ['channel', 'audience_code', 'measured_at'], event_at='measured_at') }}
