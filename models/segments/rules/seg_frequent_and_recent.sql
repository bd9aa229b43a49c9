-- More than five purchases in a year, and the last within 30 days.
select customer_key
from {{ ref('customer_360') }}
where
    orders_365d > 5
    and recency_days < 30
