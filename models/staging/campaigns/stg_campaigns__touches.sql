-- One row per time a campaign reached a person or the person responded.
select
    touch_id,
    touched_at,
    campaign_id,
    touch_name,
    lower(channel) as channel,
    campaign_name,
    campaign_starts_on,
    campaign_ends_on,
    id_type,
    id_value
from {{ latest_version('campaign_touches', ['touch_id'], event_at='touched_at') }}
