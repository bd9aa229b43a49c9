-- One row per request to be forgotten.
select
    request_id,
    id_type,
    id_value,
    requested_at
from {{ latest_version('erasure_requests') }}
