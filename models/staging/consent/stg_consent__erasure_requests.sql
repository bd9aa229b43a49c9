-- One row per erasure request and identifier it names.
select
    request_id,
    id_type,
    id_value,
    requested_at
from {{ latest_version(
    'erasure_requests', ['request_id', 'id_type', 'id_value'], event_at='requested_at', latest_by='requested_at'
) }}
