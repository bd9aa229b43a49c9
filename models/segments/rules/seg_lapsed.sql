-- Has not bought for more than four of their usual gaps between purchases.
select customer_key
from {{ ref('customer_360') }}
where gaps_since_order > 4
