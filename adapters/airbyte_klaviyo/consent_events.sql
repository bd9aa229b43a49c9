-- One row per event in which somebody subscribed or unsubscribed, and purpose. Unsubscribing from e-mail is in
-- email_events, unless the address is not known.
with

event_rows as (

    select * from events_of('event_stream', 'object_stream')

)

select
    event_rows.row_number,
    event_rows.id as consent_event_id,
    'contact_id' as id_type,
    event_rows.profile_id as id_value,
    meanings.purpose,
    meanings.status,
    event_rows.datetime as decided_at,
    'klaviyo' as consent_source
from event_rows
inner join klaviyo_decisions() as meanings on event_rows.metric = meanings.metric
where meanings.status = 'granted' or meanings.purpose = 'sms_marketing' or event_rows.email is null
