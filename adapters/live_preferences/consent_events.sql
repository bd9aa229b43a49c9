-- One row per choice, under the customer's key.
select
    row_number,
    id as consent_event_id,
    'customer_key' as id_type,
    customer_key as id_value,
    purpose,
    status,
    topic,
    at_most_every_days,
    decided_at,
    'preference page' as consent_source,
    proof
from preferences
