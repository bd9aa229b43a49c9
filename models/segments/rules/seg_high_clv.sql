-- The tenth of customers with the highest expected spend in the next 90 days.
select customer_key
from {{ ref('customer_360') }}
where lifetime_value_90d_rank >= 0.9
