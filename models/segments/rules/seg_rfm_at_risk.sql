-- Used to buy often, but not recently.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'at_risk'
