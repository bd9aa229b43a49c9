-- One row per customer who has bought: how recently, how often, how much, how regularly.
with

-- Money is added up as decimals: sums of doubles depend on the order of rows in their last digits, and a
-- threshold can sit there.
purchases as (

    select
        order_id,
        customer_key,
        ordered_at,
        order_channel,
        cast(net_usd as decimal(18, 4)) as net_usd,
        cast(gross_usd as decimal(18, 4)) as gross_usd,
        cast(discount_usd as decimal(18, 4)) as discount_usd
    from {{ ref('fct_orders') }}
    where customer_key is not null and is_purchase and ordered_at < {{ as_of() }}

),

gaps as (

    select
        *,
        {{ elapsed('day', 'lag(ordered_at) over visits', 'ordered_at') }} as gap_days
    from purchases
    window visits as (partition by customer_key order by ordered_at, order_id)

),

measured as (

    select
        customer_key,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        count(*) as orders_lifetime,
        sum(net_usd) as spend_lifetime_usd,
        {% for days in [7, 30, 90, 365] %}
        count(*) filter (where {{ in_window('ordered_at', days, 'day') }}) as orders_{{ days }}d,
        coalesce(sum(net_usd) filter (where {{ in_window('ordered_at', days, 'day') }}), 0)
            as spend_{{ days }}d_usd,
        {% endfor %}
        sum(discount_usd) filter (where {{ in_window('ordered_at', 365, 'day') }}) as discount_365d_usd,
        sum(gross_usd) filter (where {{ in_window('ordered_at', 365, 'day') }}) as gross_365d_usd,
        round(avg(gap_days), 6) as gap_mean_days,
        round(stddev_samp(gap_days), 6) as gap_stddev_days,
        count(*) filter (where order_channel = 'store') as store_orders,
        count(*) filter (where order_channel in ('web', 'app')) as online_orders,
        {% for quarter in [1, 2, 3, 4] %}
        count(*) filter (where extract(quarter from ordered_at) = {{ quarter }}) as q{{ quarter }},
        {% endfor %}
        count(*) filter (
            where
            ordered_at >= {{ dbt.dateadd('day', -365 - 45, as_of()) }}
            and ordered_at < {{ dbt.dateadd('day', -365 + 45, as_of()) }}
        ) as orders_same_season_last_year
    from gaps
    group by customer_key

)

select
    customer_key,
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
    {{ elapsed('day', 'last_order_at', as_of()) }} as recency_days,
    {{ elapsed('day', 'first_order_at', as_of()) }} as tenure_days,
    cast(spend_365d_usd as double) / nullif(orders_365d, 0) as aov_365d_usd,
    cast(discount_365d_usd as double) / nullif(gross_365d_usd + discount_365d_usd, 0) as discount_share_365d,
    1 / (1 + gap_stddev_days / nullif(gap_mean_days, 0)) as gap_regularity,
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
