-- Average recency and frequency, and slipping.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'need_attention'
