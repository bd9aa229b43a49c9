-- Bought in the last 180 days, and at least one in four with this score stops buying for 90 days.
select customer_key
from {{ ref('customer_360') }}
where churn_90d >= 0.25
