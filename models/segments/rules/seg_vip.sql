-- People somebody chose by hand; the list is in the landing table static_lists.
select customer_key
from {{ ref('customer_360') }}
where is_vip
