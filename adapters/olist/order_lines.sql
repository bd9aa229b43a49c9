-- One row per item, without its freight. Three of a product are three items.
select
    row_number,
    order_id,
    order_item_id as line_number,
    product_id,
    '1' as quantity,
    price as amount,
    'BRL' as currency
from order_items
