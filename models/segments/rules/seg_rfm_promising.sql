-- Bought fairly recently, and once.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'promising'
