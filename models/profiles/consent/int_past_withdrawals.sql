-- One row per customer and withdrawal that an earlier build recorded: for the customer with that key, for every
-- customer who owns one of its identifiers now, and for every customer with a mailbox of theirs, because a message
-- would reach the person who refused. Where one customer turns out to be two people, both have withdrawn.
with

withdrawals as (

    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
    from {{ ref('stg_ledger__withdrawals') }}

),

-- Whom a withdrawal under a key counts for, and whether only because of the mailbox.
reached_customers as (

    select
        customer_key as withdrawn_key,
        customer_key,
        false as is_by_mailbox
    from withdrawals
    union
    select
        assigned_key,
        customer_key,
        false
    from {{ ref('int_key_owners') }}
    union
    select
        recorded.customer_key,
        mailboxes.customer_key,
        true
    from {{ ref('stg_ledger__withdrawn_mailboxes') }} as recorded
    inner join {{ ref('int_customer_mailboxes') }} as mailboxes on recorded.mailbox_hash = mailboxes.mailbox_hash

)

select
    reached.customer_key,
    withdrawals.purpose,
    withdrawals.channel,
    min(withdrawals.status) as status,
    min(withdrawals.withdrawn_by) as withdrawn_by,
    withdrawals.decided_at,
    withdrawals.decision_id
from withdrawals
inner join reached_customers as reached on withdrawals.customer_key = reached.withdrawn_key
where not reached.is_by_mailbox or withdrawals.purpose <> 'sms_marketing'
group by
    reached.customer_key, withdrawals.purpose, withdrawals.channel, withdrawals.decided_at, withdrawals.decision_id
