-- Nine in ten customers with this score buy within 30 days.
select customer_key
from {{ ref('customer_360') }}
where propensity_30d >= 0.9
