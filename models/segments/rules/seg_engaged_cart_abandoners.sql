-- Left a full cart in the last two days, and usually reacts to our messages.
select customer_key
from {{ ref('customer_360') }}
where
    open_cart_minutes >= 30
    and open_cart_minutes <= 2880
    and engagement_score >= 50
