-- An example: customers who used to come back, and have not for two months. Change it, or remove its two files and its name.
select customer_key
from {{ ref('customer_360') }}
where
    orders_lifetime >= 3
    and recency_days >= 60
    and recency_days <= 180
