-- One row per decision of a customer about a purpose. An unsubscribe or complaint withdraws e-mail consent.
select
    identifiers.customer_key,
    events.purpose,
    events.status,
    events.decided_at,
    events.expires_at,
    events.jurisdiction,
    events.consent_event_id as decision_id
from {{ ref('stg_consent__events') }} as events
inner join {{ ref('int_named_identifiers') }} as identifiers
    on events.id_type = identifiers.id_type and events.id_value = identifiers.raw_value
union all
select
    events.customer_key,
    purposes.purpose,
    'withdrawn',
    events.occurred_at,
    null,
    null,
    events.event_id
from {{ ref('fct_email_events') }} as events
cross join (
    select 'newsletter' as purpose
    union all
    select 'email_marketing'
) as purposes
where events.event_name in ('unsubscribed', 'complained')
