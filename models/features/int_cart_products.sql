-- One row per customer, moment and product that is in their cart then: when it was put in. An order closes a cart, also
-- one that no web event reports or that was placed as a guest. So does a checkout.
with

recent as (

    select
        spine.customer_key,
        spine.moment_at,
        events.event_id,
        events.event_name,
        events.occurred_at,
        coalesce(events.product_id, '') as product_id,
        {{ micros_between('events.occurred_at', 'spine.moment_at') }} as age_micros
    from {{ ref('fct_events') }} as events
    inner join {{ ref('int_feature_spine') }} as spine
        on events.customer_key = spine.customer_key and events.known_at < spine.moment_at
    where
        events.event_name in ('add_to_cart', 'remove_from_cart', 'checkout', 'purchase')
        and events.occurred_at >= (
            select {{ dbt.dateadd('day', -30, 'min(moment_at)') }} from {{ ref('int_feature_spine') }}
        )

),

events as (

    select * from recent
    where {{ in_window(30, 'day') }}

),

latest_by_product as (

    select * from events
    where event_name in ('add_to_cart', 'remove_from_cart')
    qualify row_number() over (
        partition by customer_key, moment_at, product_id order by occurred_at desc, event_id desc
    ) = 1

),

filled as (

    select customer_key, moment_at, product_id, occurred_at as added_at
    from latest_by_product
    where event_name = 'add_to_cart'

),

customers as (

    select distinct customer_key, moment_at from filled

),

closings as (

    select customer_key, moment_at, occurred_at as closed_at
    from events
    where event_name in ('checkout', 'purchase')
    union all
    select
        customers.customer_key,
        customers.moment_at,
        -- A date without a time: the order may be of any hour of the day.
        case
            when {{ shop_time('orders.ordered_at') }} = cast(orders.ordered_on as timestamp)
                then {{ dbt.dateadd('day', 1, 'orders.ordered_at') }}
            else orders.ordered_at
        end
    from customers
    inner join {{ ref('int_customer_orders') }} as orders
        on customers.customer_key = orders.customer_key and customers.moment_at > orders.ordered_at
    where not orders.is_return and orders.taken_back_amount = 0

),

closed as (

    select customer_key, moment_at, max(closed_at) as last_closed_at
    from closings
    group by customer_key, moment_at

)

select
    filled.customer_key,
    filled.moment_at,
    -- Not every shop names the product.
    nullif(filled.product_id, '') as product_id,
    filled.added_at
from filled
left join closed on filled.customer_key = closed.customer_key and filled.moment_at = closed.moment_at
where closed.last_closed_at is null or closed.last_closed_at < filled.added_at
