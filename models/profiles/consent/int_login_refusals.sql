-- One row per customer, purpose and refusal that a column of a login of theirs states. They are among the decisions of
-- a build already. Between two builds a login may state a new one, which counts from that moment on.
with

decisions as (

    {{ column_decisions(
        'login', ref('stg_shop__accounts'), "'account:' || account_id", ('created_at', 'updated_at', 'unsubscribed_at')
    ) | indent(4) }}

)

select distinct
    customers.customer_key,
    customers.linked_group,
    decisions.purpose,
    cast(null as string) as channel,
    decisions.status,
    decisions.decided_at,
    decisions.consent_source as decision_id
from decisions
inner join {{ ref('int_record_customers') }} as customers on decisions.record_id = customers.record_id
where decisions.status = 'denied'
