-- Aged 25 to 34 and on a product page in 7 days while a promotion ran.
select customer_key
from {{ ref('customer_360') }}
where
    age_band = '25-34'
    and promotion_views_7d >= 1
