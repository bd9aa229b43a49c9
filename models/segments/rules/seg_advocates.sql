-- Shared something with others in a quarter.
select customer_key
from {{ ref('customer_360') }}
where shares_90d >= 1
