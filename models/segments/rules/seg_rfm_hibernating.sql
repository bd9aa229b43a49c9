-- Bought rarely, and long ago.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'hibernating'
