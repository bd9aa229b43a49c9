-- Downloaded something in a quarter.
select customer_key
from {{ ref('customer_360') }}
where downloads_90d >= 1
