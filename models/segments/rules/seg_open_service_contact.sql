-- Has a ticket or call with customer service that still waits for an answer.
select customer_key
from {{ ref('customer_360') }}
where open_service_contacts > 0
