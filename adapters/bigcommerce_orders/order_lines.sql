-- One row per product of an order, before coupons.
with

products as (

    select
        row_number,
        order_id,
        order_currency_code as currency,
        unnest(products_of(product_details)) as product,
        generate_subscripts(products_of(product_details), 1) as place
    from orders
    where product_details is not null

)

select
    row_number,
    order_id,
    row_number() over (partition by order_id order by row_number, place) as line_number,
    coalesce(product_detail(product, 'SKU'), product_detail(product, 'ID')) as product_id,
    product_detail(product, 'Qty') as quantity,
    coalesce(
        cast(number_of(product_detail(product, 'Total Price')) as varchar), product_detail(product, 'Total Price')
    ) as amount,
    currency
from products
