-- One row per order. What was paid for it is the sum of its payments of all kinds, also vouchers and interest.
with

payments as (

    select
        order_id,
        coalesce(
            min(payment_value) filter (where number_of(payment_value) is null),
            cast(sum(number_of(payment_value)) as varchar)
        ) as total
    from (select * from order_payments qualify row_number() over (partition by order_id, payment_sequential) = 1)
    group by order_id

),

-- Where an order has no payment, its items and their freight.
items as (

    select
        order_id,
        cast(sum(number_of(price) + number_of(freight_value)) as varchar) as total
    from (select * from order_items qualify row_number() over (partition by order_id, order_item_id) = 1)
    group by order_id

),

people as (

    select
        customer_id,
        min(customer_unique_id) as customer_unique_id
    from customers
    group by customer_id

)

select
    orders.row_number,
    orders.order_id,
    orders.order_purchase_timestamp as ordered_at,
    coalesce(payments.total, items.total) as total,
    people.customer_unique_id as account_id,
    'BR' as country_code,
    case orders.order_status
        when 'created' then 'pending'
        when 'approved' then 'paid'
        when 'processing' then 'paid'
        when 'invoiced' then 'paid'
        when 'shipped' then 'shipped'
        when 'delivered' then 'completed'
        when 'canceled' then 'cancelled'
        when 'unavailable' then 'cancelled'
        else orders.order_status
    end as status,
    'BRL' as currency
from orders
left join payments on orders.order_id = payments.order_id
left join items on orders.order_id = items.order_id
left join people on orders.customer_id = people.customer_id
