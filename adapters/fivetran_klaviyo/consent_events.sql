-- One row per event in which somebody subscribed or unsubscribed, and purpose. Unsubscribing from e-mail is in
-- email_events, unless the address is not known.
with

metric_names as (

    select id, max_by(name, row_number) as name from metrics group by id

),

addresses as (

    select id from people where email is not null group by id

),

event_rows as (

    select
        events.*,
        lower(coalesce(events.type, metric_names.name)) as metric,
        coalesce(events.property_recipient_email_address, addresses.id) is not null as has_email
    from events
    left join metric_names on events.metric_id = metric_names.id
    left join addresses on events.person_id = addresses.id
    where not coalesce(is_yes(events.fivetran_deleted), false)
    qualify row_number() over (partition by events.id order by events.fivetran_synced desc nulls last) = 1

),

-- Exclusions of people whose address is not known.
excluded as (

    select row_number, 'exclusion ' || person_id as consent_event_id, person_id, reason, timestamp as decided_at
    from exclusions
    where
        email is null
        and person_id not in (select id from addresses)
        and not coalesce(is_yes(fivetran_deleted), false)
    union all
    select row_number, 'exclusion ' || id || ' of ' || list_id, id, reason, created
    from list_exclusions
    where email is null and id not in (select id from addresses) and not coalesce(is_yes(fivetran_deleted), false)

)

select
    event_rows.row_number,
    event_rows.id as consent_event_id,
    'contact_id' as id_type,
    event_rows.person_id as id_value,
    meanings.purpose,
    meanings.status,
    event_rows.timestamp as decided_at,
    'klaviyo' as consent_source
from event_rows
inner join klaviyo_decisions() as meanings on event_rows.metric = meanings.metric
where meanings.status = 'granted' or meanings.purpose = 'sms_marketing' or not event_rows.has_email
union all
select
    excluded.row_number,
    excluded.consent_event_id,
    'contact_id',
    excluded.person_id,
    purposes.purpose,
    'withdrawn',
    excluded.decided_at,
    'klaviyo'
from excluded
cross join (values ('email_marketing'), ('newsletter')) as purposes (purpose)
where not klaviyo_is_bounce(excluded.reason)
