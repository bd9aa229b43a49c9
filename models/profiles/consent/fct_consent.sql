-- One row per decision of a customer about a purpose, as it was captured; nothing is overwritten. A refusal that an
-- earlier build recorded counts on when its source no longer has it: the export goes back less far, an opt-out column
-- is cleared, or the customer has another address now.
with

current_customers as (

    select distinct customer_key from {{ ref('int_identifiers') }}

),

decisions_of_sources as (

    select * from {{ ref('int_consent_decisions') }}

),

withdrawals as (

    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
    from {{ ref('int_past_withdrawals') }}
    union
    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
    from {{ ref('int_withdrawals') }}

),

withdrawals_of_the_ledger as (

    select withdrawals.*
    from withdrawals
    left join decisions_of_sources as decisions
        on
            withdrawals.customer_key = decisions.customer_key
            and withdrawals.purpose = decisions.purpose
            and withdrawals.decision_id = decisions.decision_id
            and withdrawals.decided_at = decisions.decided_at
            and coalesce(withdrawals.channel, '') = coalesce(decisions.channel, '')
    where decisions.customer_key is null

)

select
    decisions.customer_key,
    decisions.linked_group,
    decisions.purpose,
    decisions.channel,
    decisions.jurisdiction,
    decisions.status,
    decisions.consent_source,
    decisions.decided_at,
    decisions.expires_at,
    decisions.proof,
    decisions.decision_id,
    false as is_from_ledger
from decisions_of_sources as decisions
inner join current_customers on decisions.customer_key = current_customers.customer_key
union all
select
    customer_key,
    null,
    purpose,
    channel,
    null,
    status,
    withdrawn_by,
    decided_at,
    null,
    null,
    decision_id,
    withdrawn_by not in ('email event', 'global privacy control')
from withdrawals_of_the_ledger
