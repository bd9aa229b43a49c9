-- No purchase, visit or opened e-mail in 30 days, or ever.
select customer_key
from {{ ref('customer_360') }}
where
    interaction_recency_days > 30
    or interaction_recency_days is null
