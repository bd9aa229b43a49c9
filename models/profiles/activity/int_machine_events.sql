-- One row per open or click of an e-mail that a machine caused, and how that shows: the source reports it, it came
-- within seconds of the delivery, or three links were followed at once. Mail programs load pictures before anybody
-- reads, and security scanners follow every link.
{% set seconds_to_react = 10 -%}
with

events as (

    select
        *,
        max(case when event_name in ('sent', 'delivered') then occurred_at end) over (
            partition by lower(email), campaign_id order by occurred_at
        ) as last_delivered_at
    from {{ ref('stg_email__events') }}
    where event_name in ('sent', 'delivered', 'opened', 'clicked')

),

reactions as (

    select
        event_id,
        is_reported_machine,
        -- Days and minutes alone do not say who was fast.
        {{ micros_between('last_delivered_at', 'occurred_at') }} <= {{ seconds_to_react }} * 1000000
        and (last_delivered_at < occurred_at or extract(second from occurred_at) <> 0) as is_too_fast,
        event_name = 'clicked'
        and extract(second from occurred_at) <> 0
        and (
            {{ micros_between('lag(occurred_at, 2) over in_order', 'occurred_at') }} <= 2000000
            or {{ micros_between('occurred_at', 'lead(occurred_at, 2) over in_order') }} <= 2000000
            or {{ micros_between('lag(occurred_at) over in_order', 'lead(occurred_at) over in_order') }} <= 2000000
        ) as is_burst
    from events
    where event_name in ('opened', 'clicked')
    window in_order as (partition by lower(email), campaign_id, event_name order by occurred_at, event_id)

)

select
    event_id,
    case
        when is_reported_machine then 'reported by the source'
        when is_too_fast then 'within {{ seconds_to_react }} seconds of the delivery'
        else 'three links within two seconds'
    end as evidence
from reactions
where is_reported_machine or is_too_fast or is_burst
