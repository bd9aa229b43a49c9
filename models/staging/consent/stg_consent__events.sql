-- One row per decision of a person about a purpose, or about a topic or the frequency of its messages. A platform
-- that keeps one row a person and updates it shows every state that was exported, so a withdrawal is never lost to an
-- older grant.
select
    consent_event_id,
    id_type,
    id_value,
    purpose,
    status,
    decided_at,
    expires_at,
    lower(channel) as channel,
    lower(topic) as topic,
    at_most_every_days,
    consent_source,
    proof,
    upper(jurisdiction) as jurisdiction
from {{ latest_version('consent_events', [
    'consent_event_id', 'decided_at', 'status', 'purpose', 'channel', 'topic', 'id_type', 'id_value'
], event_at='decided_at') }}
