-- One row per line of an order, net of its discounts.
with

order_rows as (

    select * from order_table
    where id is not null
    qualify row_number() over (partition by id order by dlt_load_id desc nulls last, row_number desc) = 1

),

allocations as (

    select dlt_parent_id, sum_of(amount) as discount from discounts group by dlt_parent_id

),

priced as (

    select
        lines.*,
        order_rows.id as order_id,
        order_rows.currency,
        coalesce(allocations.discount, lines.total_discount) as line_discount
    from lines
    inner join order_rows on lines.dlt_parent_id = order_rows.dlt_id
    left join allocations on lines.dlt_id = allocations.dlt_parent_id
    where not coalesce(is_yes(order_rows.test), false)

)

select
    row_number,
    order_id,
    row_number() over (partition by order_id order by id) as line_number,
    coalesce(product_id, sku, title) as product_id,
    quantity,
    cast(number_of(quantity) * number_of(price) - coalesce(number_of(line_discount), 0) as varchar) as amount,
    line_discount as discount,
    currency
from priced
