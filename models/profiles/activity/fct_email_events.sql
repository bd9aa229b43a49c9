-- One row per thing that happened to an e-mail sent to a customer.
select
    cast(events.event_id as string) as event_id,
    cast(identifiers.customer_key as string) as customer_key,
    cast(events.occurred_at as timestamp) as occurred_at,
    cast(events.event_name as string) as event_name,
    cast(events.campaign_id as string) as campaign_id
from {{ ref('stg_email__events') }} as events
inner join {{ ref('int_raw_identifiers') }} as identifiers
    on identifiers.id_type = 'email' and events.email = identifiers.raw_value
