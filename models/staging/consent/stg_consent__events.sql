-- One row per decision a person took about a purpose.
select
    consent_event_id,
    id_type,
    id_value,
    purpose,
    status,
    decided_at,
    expires_at,
    lower(channel) as channel,
    consent_source,
    proof,
    upper(jurisdiction) as jurisdiction
from {{ latest_version('consent_events', [
    'consent_event_id', 'decided_at', 'status', 'purpose', 'channel', 'id_type', 'id_value'
], event_at='decided_at') }}
