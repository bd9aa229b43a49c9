-- One row per moment, action and reason: how many customers were merged into another one, or split into two.
select
    changed_at,
    action,
    reason,
    count(*) as customers
from {{ ref('int_identity_history') }}
group by changed_at, action, reason
