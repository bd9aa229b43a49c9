-- One row per event that took an order back, in part or whole: a return that names it, a return or a
-- cancellation in its own status. When it happened lets features know an order as it was known then.
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
    cast(order_id as string) as order_id,
    cast(reversed_at as timestamp) as reversed_at,
    cast(reversed_usd as double) as reversed_usd
from reversals
