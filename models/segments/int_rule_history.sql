-- One row per segment and rule it has ever had: when a build first ran it.
{% set columns = ['segment_code', 'definition_hash', 'definition', 'first_seen_at', 'build_id', 'commit_id'] %}
select {{ columns | join(', ') }}
from {{ all_builds('segment_definitions', 'segment_definitions', columns) }} as definitions
