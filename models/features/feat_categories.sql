-- One row per customer and moment with order lines in the year before: what they buy most, and in how many categories.
-- Categories are null where the landing has no products.
with

bought as (

    select
        purchases.customer_key,
        purchases.moment_at,
        products.category,
        cast(lines.amount as decimal(18, 4)) as amount,
        purchases.order_id,
        {{ micros_between('purchases.ordered_at', 'purchases.moment_at') }} as age_micros
    from {{ ref('stg_shop__order_lines') }} as lines
    inner join {{ ref('int_purchases') }} as purchases on lines.order_id = purchases.order_id
    left join {{ ref('stg_shop__products') }} as products on lines.product_id = products.product_id

),

lines as (

    select * from bought
    where {{ in_window(365, 'day') }}

),

by_category as (

    select
        customer_key,
        moment_at,
        category,
        sum(amount) as spend
    from lines
    group by customer_key, moment_at, category

),

basket_size as (

    select
        customer_key,
        moment_at,
        count(*) / cast(count(distinct order_id) as double) as lines_per_order_365d
    from lines
    group by customer_key, moment_at

),

top_category as (

    select
        customer_key,
        moment_at,
        category,
        cast(spend as double) / nullif(sum(spend) over (partition by customer_key, moment_at), 0) as share
    from by_category
    where spend > 0
    qualify row_number() over (
        partition by customer_key, moment_at
        order by case when category is null then 1 else 0 end, spend desc, category
    ) = 1

),

breadth as (

    select customer_key, moment_at, count(distinct category) as categories_365d
    from by_category
    where spend > 0
    group by customer_key, moment_at

)

select
    basket_size.customer_key,
    basket_size.moment_at,
    basket_size.lines_per_order_365d,
    case when present.has_products then breadth.categories_365d end as categories_365d,
    case when present.has_products then top_category.category end as top_category,
    case when present.has_products then top_category.share end as top_category_share
from basket_size
cross join {{ ref('stg_landing__presence') }} as present
left join breadth
    on basket_size.customer_key = breadth.customer_key and basket_size.moment_at = breadth.moment_at
left join top_category
    on basket_size.customer_key = top_category.customer_key and basket_size.moment_at = top_category.moment_at
