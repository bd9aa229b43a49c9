-- One row per event of an e-mail, and one per address that Klaviyo excludes.
with

person_rows as (

    select id, email, coalesce(is_yes(fivetran_deleted), false) as is_deleted
    from people
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

metric_names as (

    select id, max_by(name, row_number) as name from metrics group by id

),

event_rows as (

    select
        events.row_number,
        events.id,
        events.timestamp,
        lower(coalesce(events.type, metric_names.name)) as metric,
        coalesce(events.property_recipient_email_address, person_rows.email) as email,
        coalesce(events.campaign_id, events.flow_id) as campaign_id,
        coalesce(
            case when is_yes(events.property_machine_open) then 'true' end,
            case when is_yes(events.property_apple_privacy_open) then 'true' end,
            case when is_yes(events.property_bot_click) then 'true' end
        ) as machine,
        coalesce(person_rows.is_deleted, false) as is_deleted
    from events
    left join person_rows on events.person_id = person_rows.id
    left join metric_names on events.metric_id = metric_names.id
    where not coalesce(is_yes(events.fivetran_deleted), false)
    qualify row_number() over (partition by events.id order by events.fivetran_synced desc nulls last) = 1

),

named as (

    select
        *,
        klaviyo_event(metric) as event_name
    from event_rows

),

excluded as (

    select
        row_number, 'exclusion ' || person_id as event_id, timestamp as occurred_at, reason, person_id, email,
        fivetran_deleted
    from exclusions
    union all
    select
        row_number, 'exclusion ' || id || ' of ' || list_id, created, reason, id, email,
        fivetran_deleted
    from list_exclusions

)

select
    row_number,
    id as event_id,
    timestamp as occurred_at,
    event_name,
    email,
    campaign_id,
    machine
from named
where
    event_name is not null
    and email is not null
    -- What deleted profiles read does not count. What they refused does.
    and (not is_deleted or event_name in ('unsubscribed', 'complained'))
union all
select
    excluded.row_number,
    excluded.event_id,
    excluded.occurred_at,
    klaviyo_exclusion(excluded.reason),
    coalesce(excluded.email, person_rows.email),
    null,
    null
from excluded
left join person_rows on excluded.person_id = person_rows.id
where coalesce(excluded.email, person_rows.email) is not null and not coalesce(is_yes(excluded.fivetran_deleted), false)
