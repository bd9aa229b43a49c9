-- Bought most often of all, and stopped.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'cannot_lose'
