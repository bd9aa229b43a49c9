-- Law: net revenue of fct_orders equals what the orders and returns add up to, guests and all. Returns of
-- more than was paid are capped at the order, so they are left out of both sides.
with

orders as (

    select
        *,
        coalesce(total_usd < 0 or original_order_id <> order_id, false) as is_return
    from {{ ref('stg_shop__orders') }}

),

returned as (

    select
        original_order_id,
        sum(abs(total_usd)) as returned_usd
    from orders
    where is_return and status <> 'cancelled'
    group by original_order_id

),

capped as (

    select orders.order_id
    from orders
    inner join returned on orders.order_id = returned.original_order_id
    where
        not orders.is_return
        and (returned.returned_usd > orders.total_usd or orders.status in ('cancelled', 'returned', 'pending'))

),

expected as (

    select
        sum(
            case
                when orders.status in ('cancelled', 'pending') then 0
                when orders.is_return then -abs(orders.total_usd)
                when orders.status = 'returned' then 0
                else orders.total_usd
            end
        ) as net_usd
    from orders
    left join capped as by_order on orders.order_id = by_order.order_id
    left join capped as by_return on orders.original_order_id = by_return.order_id
    where by_order.order_id is null and by_return.order_id is null

),

found as (

    select sum(facts.net_usd) as net_usd
    from {{ ref('fct_orders') }} as facts
    left join capped on facts.order_id = capped.order_id
    where capped.order_id is null

)

select expected.net_usd as expected_usd, found.net_usd as found_usd
from expected
cross join found
where abs(coalesce(expected.net_usd, 0) - coalesce(found.net_usd, 0)) > 0.005
