-- One row per product of an order, without taxes. A line that was refunded in full has a quantity of 0 in some exports.
select
    row_number,
    order_number as order_id,
    row_number() over (partition by order_number order by row_number) as line_number,
    coalesce(sku, item_name) as product_id,
    quantity,
    coalesce(cast(number_of(quantity) * number_of(item_cost) as varchar), item_cost) as amount,
    min(currency) over (partition by order_number) as currency
from lines
where
    coalesce(sku, item_name) is not null
    and item_cost is not null
    and coalesce(number_of(quantity), 1) <> 0
