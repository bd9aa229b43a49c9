-- One row per campaign, channel and time at which money was spent on it, in the reporting currency.
select
    campaign_id,
    lower(channel) as channel,
    spent_at,
    {{ in_reporting_currency('cost') }} as cost,
    has_outdated_rate
from {{ with_exchange_rate(
    latest_version(
        'campaign_costs', ['campaign_id', 'channel', 'spent_at'], event_at='spent_at', latest_by='updated_at'
    ),
    'latest', 'latest.spent_at'
) }}
-- Channel names differ in case: Email and email are one channel.
qualify row_number() over (
    partition by campaign_id, lower(channel), spent_at order by updated_at desc nulls last, cost desc
) = 1
