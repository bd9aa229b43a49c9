-- Buys rarely, and has not bought recently.
select customer_key
from {{ ref('customer_360') }}
where rfm_family = 'about_to_sleep'
