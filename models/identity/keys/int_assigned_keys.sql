-- One row per identifier, by its hash, and key that an earlier build gave to the customer it named, at each change.
select
    identifier_hash,
    customer_key,
    assigned_at,
    build_id
from {{ source('ledger', 'customer_key_changes') }}
-- Once it is published, the ledger holds this build, too.
where assigned_at <= {{ built_at() }} and build_id <> '{{ var("build_id") }}'
