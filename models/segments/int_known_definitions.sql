-- One row per segment and rule it has ever had: when a build first ran it.
select segment_code, definition_hash, first_seen_at
from {{ source('ledger', 'segment_definitions') }}
union all
select segment_code, definition_hash, first_seen_at
from {{ ref('segment_definitions') }}
