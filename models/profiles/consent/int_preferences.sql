-- One row per customer and wish about a topic or the frequency of messages. Those that name a login or a customer's key
-- are among the decisions of a build already. Between two builds there may be new ones for less, which count from that
-- moment on.
with

named_customers as (

    select id_type, id_value, customer_key
    from {{ ref('int_identifiers') }}
    where id_type = 'account_id'
    union
    select 'customer_key', assigned_key, customer_key from {{ ref('int_key_owners') }}

)

select customer_key, purpose, channel, topic, status, at_most_every_days, decided_at, decision_id
from {{ ref('int_preference_decisions') }}
union
select
    named_customers.customer_key,
    events.purpose,
    events.channel,
    events.topic,
    events.status,
    events.at_most_every_days,
    events.decided_at,
    events.consent_event_id
from {{ ref('stg_consent__events') }} as events
inner join named_customers
    on events.id_type = named_customers.id_type and events.id_value = named_customers.id_value
where
    (events.topic is not null and events.status in ('denied', 'withdrawn'))
    or (events.status = 'limited' and events.at_most_every_days > 0)
