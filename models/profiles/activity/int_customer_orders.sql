-- One row per order or return, with its customer and, for a return that names an order in the data, that order. A
-- return that was taken back, and the row that takes it back, keep only what the other does not explain.
with

taken_back as (

    select return_id, sum(amount) as amount
    from {{ ref('int_taken_back_returns') }}
    group by return_id

),

orders as (

    select
        orders.*,
        orders.is_return and taking.order_id is null as sends_money_back,
        cast(coalesce(taking.amount, taken_back.amount, 0) as decimal(18, 4)) as taken_back_amount
    from {{ ref('stg_shop__orders') }} as orders
    left join {{ ref('int_taken_back_returns') }} as taking on orders.order_id = taking.order_id
    left join taken_back on orders.order_id = taken_back.return_id

)

select
    orders.order_id,
    coalesce(
        by_account.customer_key, by_card.customer_key, by_email.customer_key, by_phone.customer_key
    ) as customer_key,
    orders.ordered_at,
    cast({{ shop_time('orders.ordered_at') }} as date) as ordered_on,
    orders.order_channel,
    orders.status,
    orders.status_at,
    orders.sends_money_back as is_return,
    originals.order_id as returned_order_id,
    -- A decimal, because the exact rest of an order after its returns decides whether it is a purchase.
    cast(cast(abs(orders.total) as decimal(18, 4)) - orders.taken_back_amount as decimal(18, 4)) as amount,
    orders.taken_back_amount,
    orders.discount
from orders
left join orders as originals
    on
        case when orders.sends_money_back then orders.original_order_id end = originals.order_id
        and not originals.sends_money_back
left join {{ ref('int_raw_identifiers') }} as by_account
    on by_account.id_type = 'account_id' and orders.account_id = by_account.raw_value
left join {{ ref('int_raw_identifiers') }} as by_card
    on by_card.id_type = 'card_number' and orders.card_number = by_card.raw_value
left join {{ ref('int_raw_identifiers') }} as by_email
    on by_email.id_type = 'email' and orders.email = by_email.raw_value
left join {{ ref('int_raw_identifiers') }} as by_phone
    on by_phone.id_type = 'phone' and orders.phone = by_phone.raw_value
