-- One row per identifier (as a hash) and customer key it was assigned to, at each change, from earlier builds.
select
    identifier_hash,
    customer_key,
    assigned_at,
    build_id
from {{ ref('stg_ledger__customer_key_changes') }}
where assigned_at <= {{ built_at() }}
