-- Silent at the till for over 90 days, and hardly hears us.
select customer_key
from {{ ref('customer_360') }}
where
    recency_days > 90
    and engagement_score < 30
