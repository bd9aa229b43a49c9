-- Their usual time between purchases has just passed: between one and two of their usual gaps.
select customer_key
from {{ ref('customer_360') }}
where
    gaps_since_order > 1
    and gaps_since_order <= 2
