-- One row per landing table, kind of decision, effect and problem: how many consent decisions, unsubscribes and erasure
-- requests there are. A decision whose identifier is in no other record is kept, and counts as soon as the person
-- appears.
with

decisions as (

    select
        'consent_events' as table_name,
        case when status = 'granted' then 'grant' else 'refusal' end as decision,
        id_type,
        id_value,
        consent_event_id as decision_id
    from {{ ref('stg_consent__events') }}
    union all
    select 'email_events', 'refusal', 'email', email, event_id
    from {{ ref('stg_email__events') }}
    where event_name in ('unsubscribed', 'complained')
    union all
    select 'erasure_requests', 'erasure', id_type, id_value, request_id
    from {{ ref('stg_consent__erasure_requests') }}

),

contact_points as (

    select
        kind,
        raw_value,
        bool_or(coalesce(contact_point, doubtful_point) is not null) as is_readable,
        min(problem) as problem
    from {{ ref('int_contact_points') }}
    group by kind, raw_value

),

linkable_records as (

    select distinct record_id
    from {{ ref('int_linkable_identifiers') }}
    where id_type = 'email'

),

-- What is known of an identifier apart from the decisions that name it.
known_identifiers as (

    select
        records.id_type,
        records.raw_value,
        bool_or(customers.customer_key is not null) as has_customer,
        bool_or(customers.customer_key is not null and linkable_records.record_id is not null) as has_own_email
    from {{ ref('int_consent_records') }} as records
    left join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
    left join linkable_records on records.record_id = linkable_records.record_id
    where records.record_id not like 'consent:%'
    group by records.id_type, records.raw_value

),

erasure_matches as (

    select request_id, count(customer_key) as customers
    from {{ ref('int_erasure_matches') }}
    group by request_id

),

-- Of a customer who has another address now, an earlier build recorded the refusal.
recorded_refusals as (

    select distinct withdrawals.decision_id
    from {{ ref('int_past_withdrawals') }} as withdrawals
    inner join {{ ref('int_identifiers') }} as customers on withdrawals.customer_key = customers.customer_key

),

effects as (

    select
        decisions.table_name,
        decisions.decision,
        contact_points.problem,
        case
            when decisions.decision = 'erasure' and erasure_matches.customers > 0 then 'counts'
            when decisions.decision = 'refusal' and recorded_refusals.decision_id is not null then 'counts'
            when decisions.id_type in ('email', 'phone') and not coalesce(contact_points.is_readable, false)
                then 'cannot be read'
            when decisions.decision = 'erasure' or known_identifiers.raw_value is null then 'names nobody known yet'
            when not known_identifiers.has_customer then 'names a record without a customer'
            when decisions.table_name = 'email_events' and not known_identifiers.has_own_email
                then 'names an address of no one person'
            when decisions.decision = 'grant' and identifiers.raw_value is null then 'names several customers'
            else 'counts'
        end as effect
    from decisions
    left join contact_points
        on decisions.id_type = contact_points.kind and decisions.id_value = contact_points.raw_value
    left join known_identifiers
        on decisions.id_type = known_identifiers.id_type and decisions.id_value = known_identifiers.raw_value
    left join {{ ref('int_named_customers') }} as identifiers
        on decisions.id_type = identifiers.id_type and decisions.id_value = identifiers.raw_value
    left join erasure_matches
        on case when decisions.decision = 'erasure' then decisions.decision_id end = erasure_matches.request_id
    left join recorded_refusals on decisions.decision_id = recorded_refusals.decision_id

)

select
    table_name,
    decision,
    effect,
    case when effect = 'cannot be read' then problem end as problem,
    count(*) as decisions
from effects
group by table_name, decision, effect, case when effect = 'cannot be read' then problem end
