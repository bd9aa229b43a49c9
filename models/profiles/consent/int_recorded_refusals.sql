-- One row per customer, purpose and decision that the ledger has since the customer's last grant for the purpose.
with

latest_grants as (

    select customer_key, purpose, max(decided_at) as granted_at
    from {{ ref('int_consent_decisions') }}
    where status = 'granted'
    group by customer_key, purpose

)

select
    recorded.customer_key,
    recorded.purpose,
    recorded.decision_id
from {{ ref('stg_ledger__withdrawals') }} as recorded
left join latest_grants
    on recorded.customer_key = latest_grants.customer_key and recorded.purpose = latest_grants.purpose
group by recorded.customer_key, recorded.purpose, recorded.decision_id
having max(recorded.decided_at) >= max(coalesce(latest_grants.granted_at, timestamp '1970-01-01'))
