-- One row per segment, customer and moment they entered or left it, over all published builds and this one.
{% set columns = ['segment_code', 'action', 'changed_at', 'definition_hash', 'build_id'] -%}
select customer_key, {{ columns | join(', ') }}
from {{ history_of('segment_changes', columns) }} as kept
-- Once it is published, the ledger holds this build, too.
where changed_at <= {{ as_of() }} and build_id <> '{{ var("build_id") }}'
union all
select customer_key, {{ columns | join(', ') }}
from {{ ref('segment_changes') }}
