-- One row per customer and moment: how often they usually buy, and how long ago they last bought or were in touch by
-- that measure. A customer has a gap of their own from the third purchase on; before, the shop's median gap is theirs.
with

orders as (

    select * from {{ ref('feat_orders') }}

),

gaps as (

    select
        orders.customer_key,
        orders.moment_at,
        orders.recency_days,
        case
            when orders.orders_lifetime >= 3 then orders.gap_mean_days
            else shop.median_gap_days
        end as usual_gap_days
    from orders
    left join {{ ref('int_shop_rhythm') }} as shop on orders.moment_at = shop.moment_at

)

{#- Where nobody has bought twice, and for customers who buy daily, the unit is 15 days, so that two are a month. #}
{% set unit_days = 'greatest(coalesce(gaps.usual_gap_days, 15), 15)' %}
select
    gaps.customer_key,
    gaps.moment_at,
    gaps.usual_gap_days,
    gaps.recency_days / {{ unit_days }} as gaps_since_order,
    engagement.interaction_recency_days / {{ unit_days }} as silent_gaps
from gaps
inner join {{ ref('feat_engagement') }} as engagement
    on gaps.customer_key = engagement.customer_key and gaps.moment_at = engagement.moment_at
