-- Used to come often, not lately.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'at_risk'
