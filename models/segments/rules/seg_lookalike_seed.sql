-- The twentieth most likely to buy: whom an ad platform shall find the likes of.
select customer_key
from {{ ref('customer_360') }}
where propensity_90d_rank >= 0.95
