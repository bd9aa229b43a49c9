-- One row per decision of a customer about a purpose, as it was captured; nothing is overwritten. A grant counts
-- where its identifier names one customer, a refusal for everybody whose records carry it.
with

events as (

    select * from {{ ref('stg_consent__events') }}

),

grants as (

    select
        identifiers.customer_key,
        identifiers.linked_group,
        events.*
    from events
    inner join {{ ref('int_raw_identifiers') }} as identifiers
        on events.id_type = identifiers.id_type and events.id_value = identifiers.raw_value
    where events.status = 'granted'

),

refusals as (

    select distinct
        customers.customer_key,
        customers.linked_group,
        events.*
    from events
    inner join {{ ref('int_identifier_records') }} as carriers
        on events.id_type = carriers.id_type and events.id_value = carriers.raw_value
    inner join {{ ref('int_record_customers') }} as customers on carriers.record_id = customers.record_id
    inner join (select distinct customer_key from {{ ref('int_identifiers') }}) as known
        on customers.customer_key = known.customer_key
    where events.status <> 'granted'

),

-- Withdrawals once known stay known, also when an export of events no longer goes back that far.
withdrawals as (

    select customer_key, purpose, withdrawn_by, decided_at, decision_id
    from {{ ref('int_past_withdrawals') }}
    union
    select customer_key, purpose, withdrawn_by, decided_at, decision_id from {{ ref('int_withdrawals') }}

),

decisions as (

    select
        customer_key, linked_group, purpose, channel, jurisdiction, status, consent_source, decided_at, expires_at,
        proof, consent_event_id as decision_id
    from grants
    union all
    select
        customer_key, linked_group, purpose, channel, jurisdiction, status, consent_source, decided_at, expires_at,
        proof, consent_event_id
    from refusals
    union all
    select customer_key, null, purpose, null, null, 'withdrawn', withdrawn_by, decided_at, null, null, decision_id
    from withdrawals

)

select
    cast(customer_key as string) as customer_key,
    cast(linked_group as bigint) as linked_group,
    cast(purpose as string) as purpose,
    cast(channel as string) as channel,
    cast(jurisdiction as string) as jurisdiction,
    cast(status as string) as status,
    cast(consent_source as string) as consent_source,
    cast(decided_at as timestamp) as decided_at,
    cast(expires_at as timestamp) as expires_at,
    cast(proof as string) as proof,
    cast(decision_id as string) as decision_id
from decisions
