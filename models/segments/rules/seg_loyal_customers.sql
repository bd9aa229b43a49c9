-- Buys more than once a week, and reacts to our messages.
select customer_key
from {{ ref('customer_360') }}
where
    orders_30d > 4
    and engagement_score > 80
