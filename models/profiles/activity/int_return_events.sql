-- One row per event of a customer with a return that names no order in the data: an order placed, an order whose status
-- says that it was returned or cancelled (status), one that a return names (reversed), or such a return (returned).
with

orders as (

    select * from {{ ref('int_customer_orders') }}

),

events as (

    select
        customer_key,
        ordered_at as happened_at,
        case when is_return then 'returned' else 'placed' end as event_name,
        order_id,
        amount
    from orders
    where returned_order_id is null and (is_return and amount > 0 or not is_return and status <> 'pending')
    union all
    select
        customer_key,
        greatest(status_at, ordered_at),
        'status',
        order_id,
        amount
    from orders
    where status in ('returned', 'cancelled') and not is_return
    union all
    select
        placed.customer_key,
        greatest(returns.ordered_at, placed.ordered_at),
        'reversed',
        placed.order_id,
        returns.amount
    from orders as returns
    inner join orders as placed on returns.returned_order_id = placed.order_id
    where returns.amount > 0

)

select
    events.customer_key,
    events.happened_at,
    events.event_name,
    events.order_id,
    -- In whole ten-thousandths: exact in Python, too.
    cast(events.amount * 10000 as bigint) as amount
from events
inner join (
    select distinct returns.customer_key from events as returns
    where returns.event_name = 'returned'
) as concerned on events.customer_key = concerned.customer_key
