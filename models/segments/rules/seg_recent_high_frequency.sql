-- In the upper two fifths by recency and by frequency.
select customer_key
from {{ ref('customer_360') }}
where
    r_score >= 4
    and f_score >= 4
