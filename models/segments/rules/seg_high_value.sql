-- The fifth of customers who spend most, with a purchase in the last half year.
select customer_key
from {{ ref('customer_360') }}
where
    m_score = 5
    and recency_days <= 180
