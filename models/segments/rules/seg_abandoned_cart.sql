-- Something in the cart, and no checkout within half an hour.
select customer_key
from {{ ref('customer_360') }}
where open_cart_minutes >= 30
