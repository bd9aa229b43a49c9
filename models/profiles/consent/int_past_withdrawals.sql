-- One row per customer and withdrawal of consent by deed that an earlier build knew: of their own key, and of every key
-- that one of their identifiers was known by. Of one customer who turns out to be two people, both have said no.
with

withdrawals as (

    select customer_key, purpose, withdrawn_by, decided_at, decision_id
    from {{ ref('stg_ledger__withdrawals') }}

)

select customer_key, purpose, withdrawn_by, decided_at, decision_id
from withdrawals
union
select
    holders.customer_key,
    withdrawals.purpose,
    withdrawals.withdrawn_by,
    withdrawals.decided_at,
    withdrawals.decision_id
from withdrawals
inner join {{ ref('int_key_owners') }} as holders on withdrawals.customer_key = holders.given_key
