-- One row per customer, purpose and refusal that a consent event under the customer's key states, as the preference
-- page writes it. They are among the decisions of a build already. Between two builds there may be new ones, which
-- count from that moment on.
select
    owners.customer_key,
    events.purpose,
    events.channel,
    events.status,
    events.decided_at,
    events.consent_event_id as decision_id
from {{ ref('stg_consent__events') }} as events
inner join {{ ref('int_key_owners') }} as owners on events.id_value = owners.assigned_key
where events.id_type = 'customer_key' and events.topic is null and events.status in ('denied', 'withdrawn')
