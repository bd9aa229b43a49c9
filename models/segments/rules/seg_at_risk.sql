-- No purchase for over 90 days, and little engagement.
select customer_key
from {{ ref('customer_360') }}
where
    recency_days > 90
    and engagement_score < 30
