-- One row per segment, month in which members entered and period of 30 days since: how many stayed, how many bought,
-- and their revenue. Only stays whose period is over count, so that a recent month does not look like a bad one.
with

stays as (

    select
        segment_code,
        customer_key,
        entered_at,
        left_at,
        cast({{ dbt.date_trunc('month', shop_time('entered_at')) }} as date) as entered_month_on
    from {{ ref('int_membership_periods') }}

),

-- Twelve periods of 30 days.
periods as (

    {% for period in range(12) %}
    select cast({{ period }} as bigint) as period {{ 'union all' if not loop.last }}
    {% endfor %}

),

finished as (

    select
        stays.*,
        periods.period
    from stays
    inner join periods on {{ elapsed('day', 'stays.entered_at', as_of()) }} >= 30 * (periods.period + 1)

),

-- Each order of a stay, once, with its period.
orders as (

    select
        stays.segment_code,
        stays.customer_key,
        stays.entered_at,
        cast(floor({{ elapsed('day', 'stays.entered_at', 'orders.ordered_at') }} / 30) as bigint) as period,
        cast(orders.net_revenue as decimal(18, 4)) as net_revenue
    from stays
    inner join {{ ref('fct_orders') }} as orders
        on stays.customer_key = orders.customer_key and stays.entered_at <= orders.ordered_at
    where orders.is_purchase

),

bought as (

    select segment_code, customer_key, entered_at, period, sum(net_revenue) as net_revenue
    from orders
    where period < 12
    group by segment_code, customer_key, entered_at, period

)

select
    finished.segment_code,
    finished.entered_month_on,
    finished.period,
    count(*) as entered,
    count(case
        when finished.left_at is null then 1
        when {{ elapsed('day', 'finished.entered_at', 'finished.left_at') }} >= 30 * (finished.period + 1) then 1
    end) as still_in,
    count(bought.customer_key) as buyers,
    cast(coalesce(sum(bought.net_revenue), 0) as double) as revenue
from finished
left join bought
    on
        finished.segment_code = bought.segment_code
        and finished.customer_key = bought.customer_key
        and finished.entered_at = bought.entered_at
        and finished.period = bought.period
group by finished.segment_code, finished.entered_month_on, finished.period
