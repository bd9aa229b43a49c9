-- One row per person who is forgotten in this build, and the request that asked for it. Their rows are not in the
-- intake any more.
select request_id, customer_key
from {{ source('intake', 'erased_people') }}
