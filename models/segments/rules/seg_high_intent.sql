-- Comparing products and filling a cart, right now.
select customer_key
from {{ ref('customer_360') }}
where
    product_views_10m > 3
    and cart_adds_10m >= 1
