-- The tenth most likely to stop buying for 90 days, of customers who bought in the last 180.
select customer_key
from {{ ref('customer_360') }}
where churn_90d_rank >= 0.9
