-- One row per customer whose identifiers went over to another, over all published builds and this one.
select action, former_key, customer_key, reason, changed_at
from {{ source('ledger', 'identity_changes') }}
-- Once it is published, the ledger holds this build, too.
where changed_at <= {{ built_at() }} and build_id <> '{{ var("build_id") }}'
union all
select action, former_key, customer_key, reason, changed_at
from {{ ref('int_identity_changes') }}
