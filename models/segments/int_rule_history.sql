-- One row per segment and rule it has ever had: when a build first ran it.
{% set columns = 'segment_code, definition_hash, definition, first_seen_at, build_id, commit_id' %}
select {{ columns }} from {{ source('ledger', 'segment_definitions') }}
union all
select {{ columns }} from {{ ref('segment_definitions') }}
