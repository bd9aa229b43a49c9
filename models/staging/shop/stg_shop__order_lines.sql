-- One row per product on an order, with amounts in the reporting currency.
with

lines as (

    select
        latest.order_id,
        latest.line_number,
        latest.product_id,
        latest.quantity,
        latest.amount,
        coalesce(latest.discount, 0) as discount,
        coalesce(latest.currency, orders.currency) as currency,
        orders.ordered_at
    from {{ latest_version('order_lines', ['order_id', 'line_number'], latest_by='updated_at') }}
    left join {{ ref('stg_shop__orders') }} as orders on latest.order_id = orders.order_id

)

select
    order_id,
    line_number,
    product_id,
    quantity,
    {{ in_reporting_currency('amount') }} as amount,
    {{ in_reporting_currency('discount') }} as discount
from {{ with_exchange_rate('lines', 'lines', 'lines.ordered_at') }}
