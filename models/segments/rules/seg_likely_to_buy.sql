-- The fifth of customers most likely to buy within 30 days.
select customer_key
from {{ ref('customer_360') }}
where propensity_30d_rank >= 0.8
