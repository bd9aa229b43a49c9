-- One row per identifier, by its hash, and key that an earlier build gave to the customer it named, at each change.
select
    identifier_hash,
    customer_key,
    assigned_at,
    build_id
from {{ ref('stg_ledger__customer_key_changes') }}
where assigned_at <= {{ built_at() }}
