-- One row per product on an order.
select
    order_id,
    line_number,
    product_id,
    quantity,
    amount_usd,
    coalesce(discount_usd, 0) as discount_usd
from {{ latest_version('order_lines', ['order_id', 'line_number'], latest_by='updated_at') }}
