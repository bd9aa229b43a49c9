-- Customers chosen by hand. The list is in the landing table static_lists.
select customer_key
from {{ ref('customer_360') }}
where is_vip
