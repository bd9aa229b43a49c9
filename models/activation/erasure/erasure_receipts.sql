-- One row per request to be forgotten, person and channel, over all published builds and this one. Once this
-- build is published, the ledger holds its receipts too.
select receipt_id, request_id, tombstone, channel, rows_removed, erased_at, build_id
from {{ source('ledger', 'erasure_receipts') }}
where build_id <> '{{ var("build_id") }}'
union all
select receipt_id, request_id, tombstone, channel, rows_removed, erased_at, build_id
from {{ ref('int_erasure_receipts') }}
