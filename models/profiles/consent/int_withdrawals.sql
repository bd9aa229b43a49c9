-- One row per customer, purpose and withdrawal that no published build recorded for them yet: a refusal, an unsubscribe
-- or complaint, which withdraws e-mail consent, or a browser that sends Global Privacy Control, which withdraws consent
-- to ads. Withdrawals of a merged key count for its customer from now on. Publishing appends these rows to the ledger.
with

-- With people of whom nothing but the refusal is known: it counts as soon as they appear.
current_customers as (

    select identifiers.customer_key
    from {{ ref('int_identifier_keys') }} as identifiers
    left join {{ ref('int_erasure_matches') }} as erased on identifiers.customer_key = erased.customer_key
    where erased.customer_key is null
    group by identifiers.customer_key

),

-- Of every customer whose records contain the address, as with any refusal: the mail may be addressed to each of them.
-- Blocked addresses, and those that too many records contain, do not count.
unsubscribes as (

    select
        customers.customer_key,
        purposes.purpose,
        cast(null as string) as channel,
        'withdrawn' as status,
        'email event' as withdrawn_by,
        events.occurred_at as decided_at,
        events.event_id as decision_id
    from {{ ref('stg_email__events') }} as events
    inner join {{ ref('int_refusal_records') }} as records
        on records.id_type = 'email' and events.email = records.raw_value
    inner join {{ ref('int_linkable_identifiers') }} as emails
        on emails.id_type = 'email' and records.record_id = emails.record_id
    inner join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
    cross join (
        select 'newsletter' as purpose
        union all
        select 'email_marketing'
    ) as purposes
    where events.event_name in ('unsubscribed', 'complained')

),

privacy_signals as (

    select * from {{ ref('int_privacy_signals') }}

),

refusals as (

    select
        customer_key, purpose, channel, status, coalesce(consent_source, 'consent event') as withdrawn_by, decided_at,
        decision_id
    from {{ ref('int_consent_decisions') }}
    where status <> 'granted'

),

all_withdrawals as (

    select * from unsubscribes
    union all
    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id from privacy_signals
    union all
    select * from refusals
    union all
    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
    from {{ ref('int_past_withdrawals') }}

)

select
    withdrawals.customer_key,
    withdrawals.purpose,
    withdrawals.channel,
    min(withdrawals.status) as status,
    min(withdrawals.withdrawn_by) as withdrawn_by,
    withdrawals.decided_at,
    withdrawals.decision_id,
    cast('{{ var("build_id") }}' as string) as build_id
from all_withdrawals as withdrawals
inner join current_customers on withdrawals.customer_key = current_customers.customer_key
left join {{ ref('stg_ledger__withdrawals') }} as recorded
    on
        withdrawals.customer_key = recorded.customer_key
        and withdrawals.purpose = recorded.purpose
        and withdrawals.decision_id = recorded.decision_id
        and withdrawals.decided_at = recorded.decided_at
        and coalesce(withdrawals.channel, '') = coalesce(recorded.channel, '')
-- A refusal without a time of its own has that of the build. It is recorded again only after a grant.
left join {{ ref('int_recorded_refusals') }} as recorded_refusals
    on
        withdrawals.customer_key = recorded_refusals.customer_key
        and withdrawals.purpose = recorded_refusals.purpose
        and withdrawals.decision_id = recorded_refusals.decision_id
where
    recorded.customer_key is null
    and (recorded_refusals.customer_key is null or {{ micros_between('withdrawals.decided_at', as_of()) }} > 1000000)
group by
    withdrawals.customer_key, withdrawals.purpose, withdrawals.channel, withdrawals.decided_at, withdrawals.decision_id
