-- One row per customer and moment: the engagement score, 0 to 100 (its formula is in docs/features.md), and the days
-- since their last interaction.
with

-- Each component rises steeply at first and then levels off. It is null where the landing lacks its source.
components as (

    select
        orders.customer_key,
        orders.moment_at,
        1 - exp(-orders.orders_30d / 2.0) as buying,
        1 - exp(-web.sessions_30d / 3.0) as browsing,
        1 - exp(-(email.emails_opened_30d + 2.0 * email.emails_clicked_30d) / 3.0) as reading,
        greatest(orders.last_order_at, web.last_web_at, email.last_email_engaged_at) as last_interaction_at
    from {{ ref('feat_orders') }} as orders
    inner join {{ ref('feat_web') }} as web
        on orders.customer_key = web.customer_key and orders.moment_at = web.moment_at
    inner join {{ ref('feat_email') }} as email
        on orders.customer_key = email.customer_key and orders.moment_at = email.moment_at

)

-- A component without a source is left out, and the weights of the others are scaled up.
select
    customer_key,
    moment_at,
    100.0 * (0.50 * buying + coalesce(0.30 * browsing, 0) + coalesce(0.20 * reading, 0)) / (
        0.50
        + case when browsing is null then 0 else 0.30 end
        + case when reading is null then 0 else 0.20 end
    ) as engagement_score,
    {{ elapsed('day', 'last_interaction_at', 'moment_at') }} as interaction_recency_days
from components
