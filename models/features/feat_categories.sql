-- One row per customer with order lines in the last year: what they buy most, and how broadly.
with

lines as (

    select
        orders.customer_key,
        products.category,
        lines.quantity,
        cast(lines.amount_usd as decimal(18, 4)) as amount_usd,
        orders.order_id
    from {{ ref('stg_shop__order_lines') }} as lines
    inner join {{ ref('fct_orders') }} as orders on lines.order_id = orders.order_id
    left join {{ ref('stg_shop__products') }} as products on lines.product_id = products.product_id
    where orders.customer_key is not null and orders.is_purchase and {{ in_window('orders.ordered_at', 365, 'day') }}

),

by_category as (

    select
        customer_key,
        category,
        sum(amount_usd) as spend_usd,
        count(*) as bought_lines,
        count(distinct order_id) as orders
    from lines
    group by customer_key, category

),

basket_size as (

    select
        customer_key,
        count(*) / cast(count(distinct order_id) as double) as lines_per_order_365d
    from lines
    group by customer_key

),

top_category as (

    select
        customer_key,
        category,
        cast(spend_usd as double) / nullif(sum(spend_usd) over (partition by customer_key), 0) as share
    from by_category
    where spend_usd > 0
    qualify row_number() over (
        partition by customer_key
        order by case when category is null then 1 else 0 end, spend_usd desc, category
    ) = 1

),

breadth as (

    select customer_key, count(distinct category) as categories_365d
    from by_category
    where spend_usd > 0
    group by customer_key

)

select
    basket_size.customer_key,
    basket_size.lines_per_order_365d,
    breadth.categories_365d,
    top_category.category as top_category,
    top_category.share as top_category_share
from basket_size
left join breadth on basket_size.customer_key = breadth.customer_key
left join top_category on basket_size.customer_key = top_category.customer_key
