-- One row per moment, action and reason: how many customers turned out to be another one's person, or two people.
with

changes as (

    select action, reason, former_key, customer_key, changed_at
    from {{ source('ledger', 'identity_changes') }}
    -- Once it is published, the ledger holds this build, too.
    where changed_at <= {{ built_at() }} and build_id <> '{{ var("build_id") }}'
    union all
    select action, reason, former_key, customer_key, changed_at
    from {{ ref('int_identity_changes') }}

)

select
    cast(changed_at as timestamp) as changed_at,
    cast(action as string) as action,
    cast(reason as string) as reason,
    cast(count(*) as bigint) as customers
from changes
group by changed_at, action, reason
