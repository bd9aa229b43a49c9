-- One row per customer and withdrawal that an earlier build recorded: for the customer with that key, and for every
-- customer who owns one of its identifiers now. Where one customer turns out to be two people, both have withdrawn.
with

withdrawals as (

    select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
    from {{ ref('stg_ledger__withdrawals') }}

)

select customer_key, purpose, channel, status, withdrawn_by, decided_at, decision_id
from withdrawals
union
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
