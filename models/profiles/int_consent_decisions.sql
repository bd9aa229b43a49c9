-- One row per decision of a customer about a purpose. A grant counts where its identifier names one customer, a
-- refusal for everybody whose records carry it. An unsubscribe or complaint withdraws e-mail consent.
with

events as (

    select * from {{ ref('stg_consent__events') }}

),

customers_of_records as (

    select distinct
        links.record_id,
        identifiers.customer_key
    from {{ ref('int_identity_links') }} as links
    inner join {{ ref('int_identifiers') }} as identifiers
        on links.id_type = identifiers.id_type and links.id_value = identifiers.id_value

),

grants as (

    select
        identifiers.customer_key,
        events.*
    from events
    inner join {{ ref('int_named_identifiers') }} as identifiers
        on events.id_type = identifiers.id_type and events.id_value = identifiers.raw_value
    where events.status = 'granted'

),

refusals as (

    select distinct
        customers_of_records.customer_key,
        events.*
    from events
    inner join {{ ref('int_carriers') }} as carriers
        on events.id_type = carriers.id_type and events.id_value = carriers.raw_value
    inner join customers_of_records on carriers.record_id = customers_of_records.record_id
    where events.status <> 'granted'

),

unsubscribes as (

    select
        events.customer_key,
        purposes.purpose,
        events.occurred_at,
        events.event_id
    from {{ ref('fct_email_events') }} as events
    cross join (
        select 'newsletter' as purpose
        union all
        select 'email_marketing'
    ) as purposes
    where events.event_name in ('unsubscribed', 'complained')

)

select customer_key, purpose, status, decided_at, expires_at, jurisdiction, consent_event_id as decision_id
from grants
union all
select customer_key, purpose, status, decided_at, expires_at, jurisdiction, consent_event_id
from refusals
union all
select customer_key, purpose, 'withdrawn', occurred_at, null, null, event_id
from unsubscribes
