-- One row per moment, action and reason: how many customers turned out to be another one's person, or two people.
select
    cast(changed_at as timestamp) as changed_at,
    cast(action as string) as action,
    cast(reason as string) as reason,
    cast(count(*) as bigint) as customers
from {{ ref('int_identity_history') }}
group by changed_at, action, reason
