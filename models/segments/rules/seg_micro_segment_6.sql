-- Customers with similar buying behaviour, group 6. Its label says how they buy.
select customer_key
from {{ ref('customer_360') }}
where micro_segment_id = 6
