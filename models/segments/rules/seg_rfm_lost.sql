-- Bought rarely, and longest ago.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'lost'
