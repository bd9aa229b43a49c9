-- One row per event that reversed an order, in part or in whole: a return that names it, a return that names none and
-- is matched to it, or its own status returned or cancelled. The time of the event lets features see each order as it
-- was at an earlier moment. An order is never reversed by more than it was placed for.
with

orders as (

    select * from {{ ref('int_customer_orders') }}

),

events as (

    select
        order_id,
        cast(null as string) as return_id,
        status_at as reversed_at,
        amount
    from orders
    where status in ('returned', 'cancelled') and not is_return
    union all
    select
        returned_order_id,
        order_id,
        ordered_at,
        amount
    from orders
    where returned_order_id is not null and amount > 0
    union all
    select
        matched.order_id,
        matched.return_id,
        returns.ordered_at,
        cast(matched.amount / 10000 as decimal(18, 4))
    from {{ ref('int_matched_returns') }} as matched
    inner join orders as returns on matched.return_id = returns.order_id

),

running as (

    select
        events.*,
        placed.customer_key,
        -- A status and the rows of a return tell of one return: each has the rest that the events before left.
        placed.amount - coalesce(sum(events.amount) over earlier, 0) as rest,
        placed.amount
        - coalesce(sum(case when events.return_id is not null then events.amount end) over earlier, 0)
            as rest_by_returns
    from events
    inner join orders as placed on events.order_id = placed.order_id
    window
        earlier as (
            partition by events.order_id order by events.reversed_at, events.return_id nulls first
            rows between unbounded preceding and 1 preceding
        )

)

select
    order_id,
    customer_key,
    return_id,
    reversed_at,
    cast(greatest(least(amount, rest), 0) as double) as reversed_amount,
    cast(case when return_id is not null then greatest(least(amount, rest_by_returns), 0) end as double)
        as matched_amount
from running
