-- Law: net revenue of fct_orders equals what the orders and returns add up to, guests and all. A return counts once:
-- its row and the status of its order say the same, and so does the refund of an order that was never paid. A positive
-- row that names a return takes it back.
with

orders as (

    select
        orders.*,
        cast(abs(orders.total) as decimal(18, 4)) as amount,
        orders.is_return and taking.order_id is null as sends_money_back
    from {{ ref('stg_shop__orders') }} as orders
    left join {{ ref('int_taken_back_returns') }} as taking on orders.order_id = taking.order_id

),

taken_back as (

    select return_id, sum(amount) as amount
    from {{ ref('int_taken_back_returns') }}
    group by return_id

),

-- Which order each return comes off: the one it names, or the one it was matched to.
returned_by_order as (

    select originals.order_id, returns.amount - coalesce(taken_back.amount, 0) as amount
    from orders as returns
    inner join orders as originals on returns.original_order_id = originals.order_id
    left join taken_back on returns.order_id = taken_back.return_id
    where returns.sends_money_back and not originals.sends_money_back
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
    where not orders.sends_money_back and orders.status in ('returned', 'cancelled', 'pending')

),

expected as (

    select
        sum(case
            when orders.sends_money_back then -orders.amount
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
