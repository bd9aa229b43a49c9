-- The twentieth of customers most likely to buy: an ad platform looks for people who resemble them.
select customer_key
from {{ ref('customer_360') }}
where propensity_90d_rank >= 0.95
