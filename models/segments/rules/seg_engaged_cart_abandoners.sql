-- Left a full cart within two days, and usually answers us.
select customer_key
from {{ ref('customer_360') }}
where
    open_cart_minutes >= 30
    and open_cart_minutes <= 2880
    and engagement_score >= 50
