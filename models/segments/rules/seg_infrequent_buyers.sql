-- Has bought before, but not in the last 90 days.
select customer_key
from {{ ref('customer_360') }}
where
    orders_lifetime >= 1
    and orders_90d < 1
