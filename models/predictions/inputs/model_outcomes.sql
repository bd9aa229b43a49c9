-- One row per customer, past moment and horizon: what they bought in the window [moment, moment + horizon). Only
-- where the window has ended by now.
with

horizons as (

    select distinct horizon_days from {{ ref('prediction_models') }}
    where horizon_days > 0

),

purchases as (

    select
        order_id,
        customer_key,
        ordered_at,
        cast(net_revenue as decimal(18, 4)) as net_revenue
    from {{ ref('fct_orders') }}
    where is_purchase and customer_key is not null and ordered_at < {{ as_of() }}

),

windows as (

    select
        buyers.customer_key,
        buyers.moment_at,
        horizons.horizon_days,
        {{ dbt.dateadd('day', 'horizons.horizon_days', 'buyers.moment_at') }} as ends_at
    from {{ ref('feat_orders') }} as buyers
    cross join horizons
    where buyers.orders_lifetime > 0

)

select
    windows.customer_key,
    windows.moment_at,
    windows.horizon_days,
    count(purchases.order_id) > 0 as has_bought,
    count(distinct cast({{ shop_time('purchases.ordered_at') }} as date)) as purchase_days,
    cast(coalesce(sum(purchases.net_revenue), 0) as double) as spend
from windows
left join purchases
    on
        windows.customer_key = purchases.customer_key
        and windows.moment_at <= purchases.ordered_at
        and windows.ends_at > purchases.ordered_at
where windows.ends_at <= {{ as_of() }}
group by windows.customer_key, windows.moment_at, windows.horizon_days
