-- Bought recently, and not for the first time.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'potential_loyalists'
