-- One row per order, with its returns netted off, and one per return of which no order explains the whole amount: the
-- rest is taken off revenue and off the customer. An order that is pending has no money yet: it is no purchase.
with

orders as (

    select * from {{ ref('int_customer_orders') }}

),

reversed as (

    select order_id, sum(cast(reversed_amount as decimal(18, 4))) as reversed_amount
    from {{ ref('fct_reversals') }}
    group by order_id

),

matched as (

    select return_id, sum(cast(matched_amount as decimal(18, 4))) as matched_amount
    from {{ ref('fct_reversals') }}
    where return_id is not null
    group by return_id

),

netted as (

    select
        orders.*,
        orders.status = 'cancelled' as is_cancelled,
        case when orders.status = 'pending' then 0 else orders.amount end as placed_amount,
        case when orders.status in ('pending', 'cancelled') then 0 else orders.amount end as gross_revenue,
        case when orders.status in ('pending', 'cancelled') then 0 else coalesce(reversed.reversed_amount, 0) end
            as returned_amount
    from orders
    left join reversed on orders.order_id = reversed.order_id
    where not orders.is_return
    union all
    select
        returns.*,
        false,
        0,
        0,
        returns.amount - coalesce(matched.matched_amount, 0)
    from orders as returns
    left join matched on returns.order_id = matched.return_id
    where returns.is_return and returns.amount > coalesce(matched.matched_amount, 0)

)

select
    order_id,
    customer_key,
    ordered_at,
    ordered_on,
    order_channel,
    cast(placed_amount as double) as placed_amount,
    cast(gross_revenue as double) as gross_revenue,
    cast(returned_amount as double) as returned_amount,
    cast(gross_revenue - returned_amount as double) as net_revenue,
    discount,
    is_cancelled,
    is_return as is_unmatched_return,
    gross_revenue - returned_amount > 0 as is_purchase
from netted
