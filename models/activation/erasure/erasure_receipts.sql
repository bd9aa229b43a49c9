-- One row per erasure request, customer and channel, over all published builds and this one.
{% set columns = ['receipt_id', 'request_id', 'tombstone', 'channel', 'rows_removed', 'erased_at', 'build_id'] %}
select {{ columns | join(', ') }}
from {{ all_builds('erasure_receipts', 'int_erasure_receipts', columns) }} as receipts
