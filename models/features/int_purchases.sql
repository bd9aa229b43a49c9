-- One row per purchase and moment at which it counts, net of what had been returned by then: an order that is returned
-- tomorrow is a purchase today.
with

orders as (

    select
        order_id,
        customer_key,
        ordered_at,
        order_channel,
        -- Money is added up as decimals: sums of doubles depend on the order of rows in their last digits, and a
        -- threshold can sit there.
        cast(placed_amount as decimal(18, 4)) as placed_amount,
        cast(discount as decimal(18, 4)) as discount
    from {{ ref('fct_orders') }}
    where placed_amount > 0

),

reversed as (

    select
        moments.moment_at,
        reversals.order_id,
        sum(cast(reversals.reversed_amount as decimal(18, 4))) as reversed_amount
    from {{ ref('fct_reversals') }} as reversals
    inner join (select distinct moment_at from {{ ref('int_feature_spine') }}) as moments
        on reversals.reversed_at < moments.moment_at
    group by moments.moment_at, reversals.order_id

)

select
    spine.customer_key,
    spine.moment_at,
    orders.order_id,
    orders.ordered_at,
    orders.order_channel,
    cast(orders.placed_amount - coalesce(reversed.reversed_amount, 0) as decimal(18, 4)) as net_revenue,
    orders.placed_amount,
    orders.discount
from orders
inner join {{ ref('int_feature_spine') }} as spine
    on orders.customer_key = spine.customer_key and orders.ordered_at < spine.moment_at
left join reversed on orders.order_id = reversed.order_id and spine.moment_at = reversed.moment_at
where orders.placed_amount - coalesce(reversed.reversed_amount, 0) > 0
