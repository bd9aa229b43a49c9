-- One row per kind of order of total 0: with a discount or lines, as where a voucher or gift card paid for it, or
-- without. They are no purchases: recency, frequency and lifetime value are about orders that earned something.
with

orders as (

    select * from {{ ref('int_customer_orders') }}

),

lines as (

    select distinct order_id
    from {{ ref('stg_shop__order_lines') }}
    where quantity > 0 or amount > 0

),

returned as (

    select distinct returned_order_id from orders

),

free_orders as (

    select coalesce(orders.discount > 0, false) or lines.order_id is not null as has_discount_or_lines
    from orders
    left join lines on orders.order_id = lines.order_id
    left join returned on orders.order_id = returned.returned_order_id
    where
        not orders.is_return
        and orders.amount = 0
        and orders.taken_back_amount = 0
        and orders.status not in ('pending', 'cancelled', 'returned')
        and returned.returned_order_id is null

)

select
    has_discount_or_lines,
    count(*) as orders
from free_orders
group by has_discount_or_lines
