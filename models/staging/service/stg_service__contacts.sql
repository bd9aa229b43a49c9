-- One row per ticket, call or chat of a person with customer service.
select
    service_contact_id,
    opened_at,
    closed_at,
    coalesce(contact_channel, 'unknown') as contact_channel,
    -- Without a status it is open until it is closed.
    coalesce(status, case when closed_at is null then 'open' else 'closed' end) as status,
    satisfaction,
    topic,
    account_id,
    contact_id,
    email,
    phone
from {{ latest_version('service_contacts', ['service_contact_id'], event_at='opened_at', latest_by='updated_at') }}
