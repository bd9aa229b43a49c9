-- One row per order, with its returns netted off, and one per return of which no order explains the whole amount: the
-- rest is taken off revenue and off the customer. An order that is pending has no money yet: it is no purchase.
with

orders as (

    select * from {{ ref('int_customer_orders') }}

),

reversed as (

    select order_id, sum(cast(reversed_usd as decimal(18, 4))) as reversed_usd
    from {{ ref('fct_reversals') }}
    group by order_id

),

matched as (

    select return_id, sum(cast(matched_usd as decimal(18, 4))) as matched_usd
    from {{ ref('fct_reversals') }}
    where return_id is not null
    group by return_id

),

netted as (

    select
        orders.*,
        orders.status = 'cancelled' as is_cancelled,
        case when orders.status = 'pending' then 0 else orders.amount_usd end as placed_usd,
        case when orders.status in ('pending', 'cancelled') then 0 else orders.amount_usd end as gross_usd,
        case when orders.status in ('pending', 'cancelled') then 0 else coalesce(reversed.reversed_usd, 0) end
            as returned_usd
    from orders
    left join reversed on orders.order_id = reversed.order_id
    where not orders.is_return
    union all
    select
        returns.*,
        false,
        0,
        0,
        returns.amount_usd - coalesce(matched.matched_usd, 0)
    from orders as returns
    left join matched on returns.order_id = matched.return_id
    where returns.is_return and returns.amount_usd > coalesce(matched.matched_usd, 0)

)

select
    order_id,
    customer_key,
    ordered_at,
    order_channel,
    cast(placed_usd as double) as placed_usd,
    cast(gross_usd as double) as gross_usd,
    cast(returned_usd as double) as returned_usd,
    cast(gross_usd - returned_usd as double) as net_usd,
    discount_usd,
    is_cancelled,
    is_return as is_unmatched_return,
    gross_usd - returned_usd > 0 as is_purchase
from netted
