-- One row per order or return, with its customer and, for a return that names an order in the data, that order.
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
    orders.is_return,
    originals.order_id as returned_order_id,
    -- A decimal, because the exact rest of an order after its returns decides whether it is a purchase.
    cast(abs(orders.total) as decimal(18, 4)) as amount,
    orders.discount
from {{ ref('stg_shop__orders') }} as orders
left join {{ ref('stg_shop__orders') }} as originals
    on
        case when orders.is_return then orders.original_order_id end = originals.order_id
        and not originals.is_return
left join {{ ref('int_raw_identifiers') }} as by_account
    on by_account.id_type = 'account_id' and orders.account_id = by_account.raw_value
left join {{ ref('int_raw_identifiers') }} as by_card
    on by_card.id_type = 'card_number' and orders.card_number = by_card.raw_value
left join {{ ref('int_raw_identifiers') }} as by_email
    on by_email.id_type = 'email' and orders.email = by_email.raw_value
left join {{ ref('int_raw_identifiers') }} as by_phone
    on by_phone.id_type = 'phone' and orders.phone = by_phone.raw_value
