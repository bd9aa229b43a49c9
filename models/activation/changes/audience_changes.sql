-- One row per change of an audience row, over all published builds and this one. A pickup that continues after the
-- last change_seq it processed misses no change and no removal.
{% set columns = [
    'change_seq', 'channel', 'audience_code', 'audience_row_id', 'action', 'reason', 'identifiers',
    'former_identifiers', 'row_hash', 'build_id', 'occurred_at'
] %}
select {{ columns | join(', ') }}
from {{ all_builds('audience_changes', 'int_audience_changes', columns) }} as changes
