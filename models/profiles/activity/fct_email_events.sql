-- One row per event of an e-mail sent to a customer: delivered, opened, clicked, bounced and so on.
select
    events.event_id,
    identifiers.customer_key,
    events.occurred_at,
    events.event_name,
    events.campaign_id
from {{ ref('stg_email__events') }} as events
inner join {{ ref('int_raw_identifiers') }} as identifiers
    on identifiers.id_type = 'email' and events.email = identifiers.raw_value
