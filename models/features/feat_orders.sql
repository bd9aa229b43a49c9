-- One row per customer and moment: how recently, how often, how much and how regularly they had bought by then.
with

visits as (

    select
        *,
        {{ micros_between('ordered_at', 'moment_at') }} as age_micros,
        {{ elapsed('day', 'lag(ordered_at) over in_order', 'ordered_at') }} as gap_days,
        {{ elapsed('day', 'min(ordered_at) over history', 'max(ordered_at) over history') }}
        / nullif(count(*) over history - 1, 0) as gap_mean_days,
        cast({{ shop_time('ordered_at') }} as date) as ordered_on,
        -- Days since a Monday, so that 0 is Monday and 6 Sunday on every engine.
        cast(floor({{ elapsed('day', "cast('1900-01-01' as timestamp)", shop_time('ordered_at')) }}) as bigint) % 7
            as weekday,
        extract(quarter from {{ shop_time('ordered_at') }}) as quarter,
        cast({{ shop_time('min(ordered_at) over history') }} as date) as first_ordered_on
    from {{ ref('int_purchases') }}
    window
        history as (partition by customer_key, moment_at),
        in_order as (partition by customer_key, moment_at order by ordered_at, order_id)

),

measured as (

    select
        customer_key,
        moment_at,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        count(*) as orders_lifetime,
        sum(net_revenue) as spend_lifetime,
        {% for days in [7, 30, 90, 365] %}
        count(*) filter (where {{ in_window(days, 'day') }}) as orders_{{ days }}d,
        coalesce(sum(net_revenue) filter (where {{ in_window(days, 'day') }}), 0) as spend_{{ days }}d,
        {% endfor %}
        sum(discount) filter (where {{ in_window(365, 'day') }}) as discount_365d,
        sum(placed_amount) filter (where {{ in_window(365, 'day') }}) as placed_365d,
        round(max(gap_mean_days), 6) as gap_mean_days,
        -- The sample standard deviation, as an exact sum.
        round(sqrt(
            {{ exact_sum('(gap_days - gap_mean_days) * (gap_days - gap_mean_days)') }} / nullif(count(gap_days) - 1, 0)
        ), 6) as gap_stddev_days,
        count(*) filter (where order_channel = 'store') as store_orders,
        count(*) filter (where order_channel in ('web', 'app')) as online_orders,
        count(*) filter (where weekday >= 5 and {{ in_window(365, 'day') }}) as weekend_orders_365d,
        {% for quarter in [1, 2, 3, 4] %}
        count(*) filter (where quarter = {{ quarter }}) as q{{ quarter }},
        {% endfor %}
        count(*) filter (where {{ in_window(365 + 45, 'day') }} and not {{ in_window(365 - 45, 'day') }})
            as orders_same_season_last_year,
        count(distinct ordered_on) - 1 as repeat_days,
        sum(net_revenue) filter (where ordered_on > first_ordered_on) as repeat_spend
    from visits
    group by customer_key, moment_at

)

select
    spine.customer_key,
    spine.moment_at,
    measured.first_order_at,
    measured.last_order_at,
    coalesce(measured.orders_lifetime, 0) as orders_lifetime,
    cast(
        coalesce(measured.spend_lifetime, 0) - coalesce(unmatched.returned_lifetime, 0) as double
    ) as spend_lifetime,
    {% for days in [7, 30, 90, 365] %}
    coalesce(measured.orders_{{ days }}d, 0) as orders_{{ days }}d,
    cast(
        coalesce(measured.spend_{{ days }}d, 0) - coalesce(unmatched.returned_{{ days }}d, 0) as double
    ) as spend_{{ days }}d,
    {% endfor %}
    measured.gap_mean_days,
    measured.gap_stddev_days,
    1 / (1 + measured.gap_stddev_days / nullif(measured.gap_mean_days, 0)) as gap_regularity,
    {{ elapsed('day', 'measured.last_order_at', 'spine.moment_at') }} as recency_days,
    {{ elapsed('day', 'measured.first_order_at', 'spine.moment_at') }} as tenure_days,
    cast(measured.spend_365d as double) / nullif(measured.orders_365d, 0) as aov_365d,
    cast(measured.discount_365d as double)
    / nullif(measured.placed_365d + measured.discount_365d, 0) as discount_share_365d,
    measured.weekend_orders_365d / cast(nullif(measured.orders_365d, 0) as double) as weekend_share_365d,
    measured.online_orders / cast(nullif(measured.store_orders + measured.online_orders, 0) as double) as online_share,
    coalesce(measured.orders_same_season_last_year, 0) as orders_same_season_last_year,
    coalesce(measured.repeat_days, 0) as repeat_days,
    cast(measured.repeat_spend as double) / nullif(measured.repeat_days, 0) as repeat_day_spend,
    case
        when measured.store_orders + measured.online_orders = 0 then 'unknown'
        when measured.store_orders >= measured.online_orders then 'store'
        when measured.store_orders < measured.online_orders then 'online'
    end as preferred_order_channel,
    case greatest(measured.q1, measured.q2, measured.q3, measured.q4)
        when measured.q1 then 'winter'
        when measured.q2 then 'spring'
        when measured.q3 then 'summer'
        when measured.q4 then 'autumn'
    end as top_season
from {{ ref('int_feature_spine') }} as spine
left join measured on spine.customer_key = measured.customer_key and spine.moment_at = measured.moment_at
left join {{ ref('int_unmatched_returns') }} as unmatched
    on spine.customer_key = unmatched.customer_key and spine.moment_at = unmatched.moment_at
