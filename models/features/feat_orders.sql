-- One row per customer and moment by which they had bought: how recently, how often, how much, how regularly.
with

purchases as (

    select * from {{ ref('int_purchases') }}

),

gaps as (

    select
        *,
        {{ micros_between('ordered_at', 'moment_at') }} as age_micros,
        {{ elapsed('day', 'lag(ordered_at) over visits', 'ordered_at') }} as gap_days,
        cast(ordered_at as date) as ordered_on,
        -- Days since a Monday, so that 0 is Monday and 6 Sunday on every engine.
        cast(floor({{ elapsed('day', "cast('1900-01-01' as timestamp)", 'ordered_at') }}) as bigint) % 7 as weekday,
        cast(first_value(ordered_at) over visits as date) as first_ordered_on
    from purchases
    window visits as (partition by customer_key, moment_at order by ordered_at, order_id)

),

measured as (

    select
        customer_key,
        moment_at,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        count(*) as orders_lifetime,
        sum(net_usd) as spend_lifetime_usd,
        {% for days in [7, 30, 90, 365] %}
        count(*) filter (where {{ in_window(days, 'day') }}) as orders_{{ days }}d,
        coalesce(sum(net_usd) filter (where {{ in_window(days, 'day') }}), 0) as spend_{{ days }}d_usd,
        {% endfor %}
        sum(discount_usd) filter (where {{ in_window(365, 'day') }}) as discount_365d_usd,
        sum(placed_usd) filter (where {{ in_window(365, 'day') }}) as placed_365d_usd,
        round(avg(gap_days), 6) as gap_mean_days,
        round(stddev_samp(gap_days), 6) as gap_stddev_days,
        count(*) filter (where order_channel = 'store') as store_orders,
        count(*) filter (where order_channel in ('web', 'app')) as online_orders,
        count(*) filter (where weekday >= 5 and {{ in_window(365, 'day') }}) as weekend_orders_365d,
        {% for quarter in [1, 2, 3, 4] %}
        count(*) filter (where extract(quarter from ordered_at) = {{ quarter }}) as q{{ quarter }},
        {% endfor %}
        count(*) filter (where {{ in_window(365 + 45, 'day') }} and not {{ in_window(365 - 45, 'day') }})
            as orders_same_season_last_year,
        count(distinct ordered_on) - 1 as repeat_days,
        sum(net_usd) filter (where ordered_on > first_ordered_on) as repeat_spend_usd
    from gaps
    group by customer_key, moment_at

)

select
    customer_key,
    moment_at,
    first_order_at,
    last_order_at,
    orders_lifetime,
    spend_lifetime_usd,
    {% for days in [7, 30, 90, 365] %}
    orders_{{ days }}d,
    spend_{{ days }}d_usd,
    {% endfor %}
    gap_mean_days,
    gap_stddev_days,
    orders_same_season_last_year,
    repeat_days,
    {{ elapsed('day', 'last_order_at', 'moment_at') }} as recency_days,
    {{ elapsed('day', 'first_order_at', 'moment_at') }} as tenure_days,
    cast(spend_365d_usd as double) / nullif(orders_365d, 0) as aov_365d_usd,
    cast(discount_365d_usd as double) / nullif(placed_365d_usd + discount_365d_usd, 0) as discount_share_365d,
    weekend_orders_365d / cast(nullif(orders_365d, 0) as double) as weekend_share_365d,
    online_orders / cast(nullif(store_orders + online_orders, 0) as double) as online_share,
    1 / (1 + gap_stddev_days / nullif(gap_mean_days, 0)) as gap_regularity,
    cast(repeat_spend_usd as double) / nullif(repeat_days, 0) as repeat_day_spend_usd,
    case
        when store_orders + online_orders = 0 then 'unknown'
        when store_orders >= online_orders then 'store'
        else 'online'
    end as preferred_order_channel,
    case greatest(q1, q2, q3, q4)
        when q1 then 'winter'
        when q2 then 'spring'
        when q3 then 'summer'
        else 'autumn'
    end as top_season
from measured
