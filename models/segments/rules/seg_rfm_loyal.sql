-- Buys often, and bought recently.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'loyal'
