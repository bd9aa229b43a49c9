-- One row per request to be forgotten, person and channel, over all published builds and this one.
select receipt_id, request_id, tombstone, channel, rows_removed, erased_at, build_id
from {{ source('ledger', 'erasure_receipts') }}
union all
select receipt_id, request_id, tombstone, channel, rows_removed, erased_at, build_id
from {{ ref('int_erasure_receipts') }}
