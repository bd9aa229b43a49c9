-- One row per customer and moment by which they had returned something that no order explains, or more than its order:
-- the amounts, by window. They come off the spend of their own day.
with

returns as (

    select
        orders.customer_key,
        spine.moment_at,
        cast(orders.returned_amount as decimal(18, 4)) as returned_amount,
        {{ micros_between('orders.ordered_at', 'spine.moment_at') }} as age_micros
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('int_feature_spine') }} as spine
        on orders.customer_key = spine.customer_key and orders.ordered_at < spine.moment_at
    where orders.is_unmatched_return

)

select
    customer_key,
    moment_at,
    {% for days in [7, 30, 90, 365] %}
    sum(case when {{ in_window(days, 'day') }} then returned_amount else 0 end) as returned_{{ days }}d,
    {% endfor %}
    sum(returned_amount) as returned_lifetime
from returns
group by customer_key, moment_at
