-- One row per line of an order, net of its discounts.
with

line_rows as (

    select * from line_items
    where id is not null and not coalesce(is_yes(fivetran_deleted), false)
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

allocations as (

    select order_line_id, sum_of(amount) as discount
    from (
        select distinct order_line_id, index, discount_application_index, amount
        from discounts
        where not coalesce(is_yes(fivetran_deleted), false)
    )
    group by order_line_id

),

dropped_orders as (

    select id from orders
    group by id
    having not is_current(max_by(fivetran_deleted, fivetran_synced), max_by(fivetran_active, fivetran_synced))
        or max_by(is_yes(test), fivetran_synced)

),

priced as (

    select
        line_rows.*,
        coalesce(allocations.discount, line_rows.total_discount) as line_discount
    from line_rows
    left join allocations on line_rows.id = allocations.order_line_id

)

select
    row_number,
    order_id,
    row_number() over (partition by order_id order by number_of(index), id) as line_number,
    coalesce(product_id, sku, title) as product_id,
    quantity,
    cast(
        coalesce(number_of(original_total_set_shop_amount), number_of(quantity) * number_of(price))
        - coalesce(number_of(line_discount), 0) as varchar
    ) as amount,
    line_discount as discount
from priced
-- Lines of tests and deleted orders do not count.
where order_id not in (select id from dropped_orders)
