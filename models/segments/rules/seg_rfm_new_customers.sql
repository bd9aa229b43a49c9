-- Bought very recently, and rarely so far.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'new_customers'
