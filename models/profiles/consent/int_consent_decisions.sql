-- One row per customer and decision about a purpose that a consent event or a column of today's landing states. A grant
-- counts where its identifier names one customer. A refusal counts for every customer whose records contain the
-- identifier, or another spelling of the same mailbox; also for people of whom nothing else is known yet. A wish about
-- a topic or the frequency of messages is neither consent to the purpose nor its refusal: int_preferences has it.
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
    inner join {{ ref('int_named_customers') }} as identifiers
        on events.id_type = identifiers.id_type and events.id_value = identifiers.raw_value
    where events.status = 'granted' and events.topic is null

),

refusals as (

    select distinct
        customers.customer_key,
        customers.linked_group,
        events.*
    from events
    inner join {{ ref('int_consent_records') }} as records
        on events.id_type = records.id_type and events.id_value = records.raw_value
    inner join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
    where events.status in ('denied', 'withdrawn') and events.topic is null

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

)

select
    customer_key, linked_group, purpose, channel, jurisdiction, status, consent_source, decided_at, expires_at, proof,
    consent_event_id as decision_id
from grants
union all
select
    customer_key, linked_group, purpose, channel, jurisdiction, status, consent_source, decided_at, expires_at, proof,
    consent_event_id
from refusals
union all
select
    customer_key, linked_group, purpose, null, null, status, consent_source, decided_at, null, null, consent_source
from column_decisions
