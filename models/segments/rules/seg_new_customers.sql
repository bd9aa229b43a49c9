-- First purchase within 30 days.
select customer_key
from {{ ref('customer_360') }}
where tenure_days <= 30
