-- One row per event of an e-mail sent to a customer: delivered, opened, clicked, bounced and so on. Opens and clicks by
-- machines do not count, and an event that two systems report counts once: of the same kind, address and campaign,
-- within five seconds of the one before.
with

events as (

    select
        events.*,
        lag(events.occurred_at) over (
            partition by lower(events.email), events.event_name, events.campaign_id
            order by events.occurred_at, events.event_id
        ) as reported_before_at
    from {{ ref('stg_email__events') }} as events
    left join {{ ref('int_machine_events') }} as machines on events.event_id = machines.event_id
    where machines.event_id is null

)

select
    events.event_id,
    identifiers.customer_key,
    events.occurred_at,
    events.event_name,
    events.campaign_id
from events
inner join {{ ref('int_raw_identifiers') }} as identifiers
    on identifiers.id_type = 'email' and events.email = identifiers.raw_value
where
    events.reported_before_at is null
    or {{ micros_between('events.reported_before_at', 'events.occurred_at') }} > 5000000
