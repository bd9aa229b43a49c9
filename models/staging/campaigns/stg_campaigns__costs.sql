-- One row per campaign, channel and time at which money was spent on it.
select
    campaign_id,
    lower(channel) as channel,
    spent_at,
    cost_usd
from {{ latest_version(
    'campaign_costs', ['campaign_id', 'channel', 'spent_at'], event_at='spent_at', latest_by='updated_at'
) }}
-- Channel names differ in case: Email and email are one channel.
qualify row_number() over (
    partition by campaign_id, lower(channel), spent_at order by updated_at desc nulls last, cost_usd desc
) = 1
