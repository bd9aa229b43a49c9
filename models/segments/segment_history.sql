-- One row per segment, customer and moment they entered or left it, over all published builds and this one.
select segment_code, customer_key, action, changed_at, definition_hash, build_id
from {{ source('ledger', 'segment_changes') }}
-- Once it is published, the ledger holds this build, too.
where changed_at <= {{ as_of() }} and build_id <> '{{ var("build_id") }}'
union all
select segment_code, customer_key, action, changed_at, definition_hash, build_id
from {{ ref('segment_changes') }}
