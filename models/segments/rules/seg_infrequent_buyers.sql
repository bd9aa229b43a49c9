-- Has bought, but less than once in three months.
select customer_key
from {{ ref('customer_360') }}
where
    orders_lifetime >= 1
    and orders_90d < 1
