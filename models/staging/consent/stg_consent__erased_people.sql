-- One row per erasure request and customer key that this build erases. Their rows are no longer in the intake.
select request_id, customer_key
from {{ source('intake', 'erased_people') }}
