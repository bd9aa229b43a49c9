-- Bought very recently, and buys most often.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'champions'
