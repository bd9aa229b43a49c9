-- Bought within half a year, and one in four with this score stops for 90 days.
select customer_key
from {{ ref('customer_360') }}
where churn_90d >= 0.25
