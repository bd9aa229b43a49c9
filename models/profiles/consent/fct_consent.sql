-- One row per decision of a customer about a purpose, as it was captured; nothing is overwritten. A grant counts where
-- its identifier names one customer. A refusal counts for every customer whose records
-- contain the identifier, or another spelling of the same mailbox.
with

current_customers as (

    select distinct customer_key from {{ ref('int_identifiers') }}

),

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
    inner join {{ ref('int_refusal_records') }} as records
        on events.id_type = records.id_type and events.id_value = records.raw_value
    inner join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
    inner join current_customers on customers.customer_key = current_customers.customer_key
    where events.status <> 'granted'

),

column_decisions as (

    select distinct
        customers.customer_key,
        customers.linked_group,
        decisions.purpose,
        decisions.status,
        decisions.consent_source,
        decisions.decided_at
    from {{ ref('int_column_decision_records') }} as decisions
    inner join {{ ref('int_record_customers') }} as customers on decisions.record_id = customers.record_id
    inner join current_customers on customers.customer_key = current_customers.customer_key

),

-- A recorded withdrawal still counts when the export of events no longer goes back that far.
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
    select
        customer_key, linked_group, purpose, null, null, status, consent_source, decided_at, null, null, consent_source
    from column_decisions
    union all
    select customer_key, null, purpose, null, null, 'withdrawn', withdrawn_by, decided_at, null, null, decision_id
    from withdrawals

)

select
    customer_key,
    linked_group,
    purpose,
    channel,
    jurisdiction,
    status,
    consent_source,
    decided_at,
    expires_at,
    proof,
    decision_id
from decisions
