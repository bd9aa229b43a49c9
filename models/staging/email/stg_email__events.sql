-- One row per event of an e-mail that was sent: delivered, opened, clicked, bounced and so on.
select
    event_id,
    occurred_at,
    event_name,
    email,
    campaign_id
from {{ latest_version('email_events', ['event_id'], event_at='occurred_at') }}
