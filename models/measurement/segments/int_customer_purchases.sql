-- One row per customer, window before as_of and order channel (all, or one), for customers who bought in the window or
-- in a window of the same length before it: their purchases in both.
{% set windows = [30, 90, 365] %}
with

orders as (

    select
        customer_key,
        coalesce(order_channel, 'unknown') as order_channel,
        cast(net_revenue as decimal(18, 4)) as net_revenue,
        {{ elapsed('day', 'ordered_at', as_of()) }} as age_days
    from {{ ref('fct_orders') }}
    where is_purchase and customer_key is not null and ordered_at < {{ as_of() }}

),

by_channel as (

    {% for days in windows %}
    select
        cast({{ days }} as bigint) as window_days,
        customer_key,
        order_channel,
        count(case when age_days <= {{ days }} then 1 end) as purchases,
        sum(case when age_days <= {{ days }} then net_revenue else 0 end) as net_revenue,
        count(case when age_days > {{ days }} then 1 end) as purchases_before
    from orders
    where age_days <= {{ 2 * days }}
    group by customer_key, order_channel
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    customer_key,
    window_days,
    order_channel,
    purchases,
    purchases_before,
    cast(net_revenue as decimal(18, 4)) as net_revenue
from by_channel
union all
select
    customer_key,
    window_days,
    'all' as order_channel,
    cast(sum(purchases) as bigint) as purchases,
    cast(sum(purchases_before) as bigint) as purchases_before,
    cast(sum(net_revenue) as decimal(18, 4)) as net_revenue
from by_channel
group by window_days, customer_key
