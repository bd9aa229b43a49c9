-- Viewed more than three product pages in a week.
select customer_key
from {{ ref('customer_360') }}
where product_views_7d > 3
