-- Aged 25 to 34, and viewed a product in the last 7 days while a promotion ran.
select customer_key
from {{ ref('customer_360') }}
where
    age_band = '25-34'
    and promotion_views_7d >= 1
