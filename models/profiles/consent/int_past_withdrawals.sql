-- One row per customer and withdrawal that an earlier build recorded: for the customer with that key, for every
-- customer who owns one of its identifiers now, and for every customer with a mailbox of theirs, because a message
-- would reach the person who refused. Where one customer turns out to be two people, both have withdrawn.
with

withdrawals as (

    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
    from {{ ref('stg_ledger__withdrawals') }}

),

of_every_owner as (

    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
    from withdrawals
    union all
    select
        owners.customer_key,
        withdrawals.purpose,
        withdrawals.channel,
        withdrawals.status,
        withdrawals.withdrawn_by,
        withdrawals.decided_at,
        withdrawals.decision_id
    from withdrawals
    inner join {{ ref('int_key_owners') }} as owners on withdrawals.customer_key = owners.assigned_key
    union all
    select
        mailboxes.customer_key,
        withdrawals.purpose,
        withdrawals.channel,
        withdrawals.status,
        withdrawals.withdrawn_by,
        withdrawals.decided_at,
        withdrawals.decision_id
    from withdrawals
    inner join {{ ref('stg_ledger__withdrawn_mailboxes') }} as recorded
        on withdrawals.customer_key = recorded.customer_key
    inner join {{ ref('int_customer_mailboxes') }} as mailboxes on recorded.mailbox_hash = mailboxes.mailbox_hash
    where withdrawals.purpose <> 'sms_marketing'

)

select
    customer_key,
    purpose,
    channel,
    min(status) as status,
    min(withdrawn_by) as withdrawn_by,
    decided_at,
    decision_id
from of_every_owner
group by customer_key, purpose, channel, decided_at, decision_id
