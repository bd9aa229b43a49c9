-- One row per purchase and campaign touch that can claim it, with the share that each attribution method gives to the
-- touch. A touch can claim purchases of the campaign_window_days after it, and a purchase at its very moment: a voucher
-- is redeemed as its order is placed. A purchase without such a touch has one row, without a touch.
{% set days = var('campaign_window_days') %}
with

purchases as (

    select order_id, customer_key, ordered_at, net_revenue
    from {{ ref('fct_orders') }}
    where is_purchase and customer_key is not null

),

touched as (

    select
        purchases.order_id,
        touches.touch_id,
        touches.touched_at,
        touches.campaign_id,
        touches.channel,
        row_number() over (partition by purchases.order_id order by touches.touched_at, touches.touch_id) as place,
        count(*) over (partition by purchases.order_id) as touches
    from purchases
    inner join {{ ref('fct_touches') }} as touches
        on
            purchases.customer_key = touches.customer_key
            and purchases.ordered_at >= touches.touched_at
            and {{ elapsed('day', 'touches.touched_at', 'purchases.ordered_at') }} <= {{ days }}

)

select
    purchases.order_id,
    purchases.customer_key,
    purchases.ordered_at,
    purchases.net_revenue,
    touched.touch_id,
    touched.touched_at,
    touched.campaign_id,
    touched.channel,
    cast(case when coalesce(touched.place, 1) = 1 then 1 else 0 end as double) as first_share,
    cast(case when coalesce(touched.place, 1) = coalesce(touched.touches, 1) then 1 else 0 end as double) as last_share,
    1 / cast(coalesce(touched.touches, 1) as double) as linear_share,
    cast(case
        when coalesce(touched.touches, 1) <= 2 then 1 / cast(coalesce(touched.touches, 1) as double)
        when touched.place in (1, touched.touches) then 0.4
        else 0.2 / (touched.touches - 2)
    end as double) as position_share
from purchases
left join touched on purchases.order_id = touched.order_id
