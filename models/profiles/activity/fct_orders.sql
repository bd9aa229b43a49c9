-- One row per order, with its returns netted off. A return whose order is not in the data is a row of its own. An order
-- that is pending has no money yet: it is no purchase.
with

orders as (

    select
        order_id,
        ordered_at,
        order_channel,
        account_id,
        card_number,
        email,
        phone,
        original_order_id,
        status,
        is_return,
        discount_usd,
        -- As a decimal, because the exact rest of an order after its returns decides whether it is a purchase.
        cast(total_usd as decimal(18, 4)) as total_usd
    from {{ ref('stg_shop__orders') }}

),

identifiers as (

    select * from {{ ref('int_raw_identifiers') }}

),

reversed as (

    select order_id, sum(cast(reversed_usd as decimal(18, 4))) as reversed_usd
    from {{ ref('fct_reversals') }}
    group by order_id

),

netted as (

    select
        placed.order_id,
        placed.ordered_at,
        placed.order_channel,
        placed.discount_usd,
        placed.account_id,
        placed.card_number,
        placed.email,
        placed.phone,
        placed.is_return,
        placed.status = 'cancelled' as is_cancelled,
        case when placed.is_return or placed.status = 'pending' then 0 else placed.total_usd end as placed_usd,
        case when placed.is_return or placed.status in ('cancelled', 'pending') then 0 else placed.total_usd end
            as gross_usd,
        case
            when placed.status in ('cancelled', 'pending') then 0
            when placed.is_return then abs(placed.total_usd)
            else least(coalesce(reversed.reversed_usd, 0), placed.total_usd)
        end as returned_usd
    from orders as placed
    left join reversed on placed.order_id = reversed.order_id
    left join orders as original
        on placed.original_order_id = original.order_id and not original.is_return
    -- A return whose order is in the data is already netted off that order.
    where not placed.is_return or original.order_id is null

)

select
    netted.order_id,
    coalesce(
        by_account.customer_key, by_card.customer_key, by_email.customer_key, by_phone.customer_key
    ) as customer_key,
    netted.ordered_at,
    netted.order_channel,
    cast(netted.placed_usd as double) as placed_usd,
    cast(netted.gross_usd as double) as gross_usd,
    cast(netted.returned_usd as double) as returned_usd,
    cast(netted.gross_usd - netted.returned_usd as double) as net_usd,
    netted.discount_usd,
    netted.is_cancelled,
    not netted.is_return
    and not netted.is_cancelled
    and netted.gross_usd - netted.returned_usd > 0 as is_purchase
from netted
left join identifiers as by_account
    on by_account.id_type = 'account_id' and netted.account_id = by_account.raw_value
left join identifiers as by_card
    on by_card.id_type = 'card_number' and netted.card_number = by_card.raw_value
left join identifiers as by_email
    on by_email.id_type = 'email' and netted.email = by_email.raw_value
left join identifiers as by_phone
    on by_phone.id_type = 'phone' and netted.phone = by_phone.raw_value
