-- One row per event that reversed an order, in part or in whole: a return that names it, or its own status returned or
-- cancelled. The time of the event lets features see each order as it was at an earlier moment.
with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

reversals as (

    select order_id, status_at as reversed_at, total_usd as reversed_usd
    from orders
    where status in ('returned', 'cancelled') and not is_return

    union all

    select original_order_id, ordered_at, abs(total_usd)
    from orders
    where is_return and status <> 'cancelled' and original_order_id <> order_id

)

select
    order_id,
    reversed_at,
    reversed_usd
from reversals
