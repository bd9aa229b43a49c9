-- One row per customer, purpose and withdrawal by what they did, that no published build knew of them: an unsubscribe
-- or a complaint withdraws e-mail consent, and a browser that sends Global Privacy Control withdraws consent to ads.
-- What was known of them under another key is theirs from now on. Publishing appends it to the ledger.
with

customers as (

    select distinct customer_key from {{ ref('int_identifiers') }}

),

-- Whoever's records carry the address, as with any refusal: a household's may be used for each of them. Not junk.
unsubscribes as (

    select
        owners.customer_key,
        purposes.purpose,
        'email event' as withdrawn_by,
        events.occurred_at as decided_at,
        events.event_id as decision_id
    from {{ ref('stg_email__events') }} as events
    inner join {{ ref('int_identifier_records') }} as carriers
        on carriers.id_type = 'email' and events.email = carriers.raw_value
    inner join {{ ref('int_linkable_identifiers') }} as emails
        on emails.id_type = 'email' and carriers.record_id = emails.record_id
    inner join {{ ref('int_record_customers') }} as owners on carriers.record_id = owners.record_id
    cross join (
        select 'newsletter' as purpose
        union all
        select 'email_marketing'
    ) as purposes
    where events.event_name in ('unsubscribed', 'complained')

),

-- Sent with every visit; the last one counts, so that only a yes given after it does away with it.
privacy_signals as (

    select
        events.customer_key,
        purposes.purpose,
        'global privacy control' as withdrawn_by,
        max(events.occurred_at) as decided_at,
        'gpc' as decision_id
    from {{ ref('fct_events') }} as events
    cross join (
        select 'ad_user_data' as purpose
        union all
        select 'ad_personalization'
    ) as purposes
    where events.has_privacy_signal
    group by events.customer_key, purposes.purpose

),

found as (

    select * from unsubscribes
    union
    select * from privacy_signals
    union
    select customer_key, purpose, withdrawn_by, decided_at, decision_id
    from {{ ref('int_past_withdrawals') }}

)

select
    cast(found.customer_key as string) as customer_key,
    cast(found.purpose as string) as purpose,
    cast(found.withdrawn_by as string) as withdrawn_by,
    cast(found.decided_at as timestamp) as decided_at,
    cast(found.decision_id as string) as decision_id,
    cast('{{ var("build_id") }}' as string) as build_id
from found
inner join customers on found.customer_key = customers.customer_key
left join {{ ref('stg_ledger__withdrawals') }} as known
    on
        found.customer_key = known.customer_key
        and found.purpose = known.purpose
        and found.decision_id = known.decision_id
        and found.decided_at = known.decided_at
where known.customer_key is null
