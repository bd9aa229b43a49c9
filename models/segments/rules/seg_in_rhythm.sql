-- Bought within their usual time between purchases.
select customer_key
from {{ ref('customer_360') }}
where gaps_since_order <= 1
