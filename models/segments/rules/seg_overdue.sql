-- Has not bought for two to four of their usual gaps between purchases, and for 30 days at least.
select customer_key
from {{ ref('customer_360') }}
where
    gaps_since_order > 2
    and gaps_since_order <= 4
