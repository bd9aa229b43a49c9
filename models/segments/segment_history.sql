-- One row per segment, customer and moment they entered or left it, over all published builds and this one.
{% set columns = ['segment_code', 'action', 'changed_at', 'definition_hash', 'build_id'] -%}
select customer_key, {{ columns | join(', ') }}
from {{ all_builds('segment_changes', 'segment_changes', columns, under_current_keys=true) }} as changes
where changed_at <= {{ as_of() }}
