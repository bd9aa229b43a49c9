-- Law: net revenue of fct_orders equals what the orders and returns add up to, guests and all. A return counts once:
-- its row and the status of its order say the same, and so does the refund of an order that was never paid.
with

orders as (

    select
        *,
        cast(abs(total) as decimal(18, 4)) as amount
    from {{ ref('stg_shop__orders') }}

),

-- Which order each return comes off: the one it names, or the one it was matched to.
returned_by_order as (

    select originals.order_id, returns.amount
    from orders as returns
    inner join orders as originals on returns.original_order_id = originals.order_id
    where returns.is_return and not originals.is_return
    union all
    select order_id, cast(amount / 10000 as decimal(18, 4))
    from {{ ref('int_matched_returns') }}

),

returned as (

    select order_id, sum(amount) as amount
    from returned_by_order
    group by order_id

),

-- Money that a status has taken off already, so that a return of it does not count again.
counted_once as (

    select sum(least(orders.amount, returned.amount)) as amount
    from orders
    inner join returned on orders.order_id = returned.order_id
    where not orders.is_return and orders.status in ('returned', 'cancelled', 'pending')

),

expected as (

    select
        sum(case
            when orders.is_return then -orders.amount
            when orders.status in ('returned', 'cancelled', 'pending') then 0
            else orders.amount
        end) + coalesce(max(counted_once.amount), 0) as net_revenue
    from orders
    cross join counted_once

),

found as (

    select sum(cast(net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('fct_orders') }}

)

select expected.net_revenue as expected, found.net_revenue as found
from expected
cross join found
where coalesce(expected.net_revenue, 0) <> coalesce(found.net_revenue, 0)
