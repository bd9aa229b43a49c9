-- Neither lately nor often.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'about_to_sleep'
