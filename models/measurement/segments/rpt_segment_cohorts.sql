-- One row per segment, month its members entered and 30 days since: who is still in, who bought, and what they brought.
-- Only stays whose 30 days are over count, so that a young month does not look like a bad one.
with

stays as (

    select
        segment_code,
        customer_key,
        entered_at,
        left_at,
        cast({{ dbt.date_trunc('month', 'entered_at') }} as date) as entered_month_on
    from {{ ref('int_membership_periods') }}

),

-- Twelve times thirty days.
periods as (

    {% for period in range(12) %}
    select {{ period }} as period {{ 'union all' if not loop.last }}
    {% endfor %}

),

over as (

    select
        stays.*,
        periods.period
    from stays
    inner join periods on {{ elapsed('day', 'stays.entered_at', as_of()) }} >= 30 * (periods.period + 1)

),

-- Each order of a stay, once, with the thirty days it lies in.
ordered as (

    select
        stays.segment_code,
        stays.customer_key,
        stays.entered_at,
        cast(floor({{ elapsed('day', 'stays.entered_at', 'orders.ordered_at') }} / 30) as bigint) as period,
        cast(orders.net_usd as decimal(18, 4)) as net_usd
    from stays
    inner join {{ ref('fct_orders') }} as orders
        on stays.customer_key = orders.customer_key and stays.entered_at <= orders.ordered_at
    where orders.is_purchase

),

bought as (

    select segment_code, customer_key, entered_at, period, sum(net_usd) as net_usd
    from ordered
    where period < 12
    group by segment_code, customer_key, entered_at, period

)

select
    cast(over.segment_code as string) as segment_code,
    cast(over.entered_month_on as date) as entered_month_on,
    cast(over.period as bigint) as period,
    cast(count(*) as bigint) as entered,
    cast(
        count(case
            when over.left_at is null then 1
            when {{ elapsed('day', 'over.entered_at', 'over.left_at') }} >= 30 * (over.period + 1) then 1
        end)
        as bigint
    ) as still_in,
    cast(count(bought.customer_key) as bigint) as buyers,
    cast(coalesce(sum(bought.net_usd), 0) as double) as revenue_usd
from over
left join bought
    on
        over.segment_code = bought.segment_code
        and over.customer_key = bought.customer_key
        and over.entered_at = bought.entered_at
        and over.period = bought.period
group by over.segment_code, over.entered_month_on, over.period
