-- One row per customer and moment: the engagement score, 0 to 100. Its formula is in docs/features.md.
-- Each component rises steeply at first and then levels off: 1 - exp(-count / scale). A component whose
-- source is absent is left out, and the weights of the others stand for the whole.
with

present as (

    select * from {{ ref('stg_landing__presence') }}

),

components as (

    select
        spine.customer_key,
        spine.moment_at,
        1 - exp(-coalesce(orders.orders_30d, 0) / 2.0) as buying,
        1 - exp(-coalesce(web.sessions_30d, 0) / 3.0) as browsing,
        1 - exp(
            -(coalesce(email.emails_opened_30d, 0) + 2.0 * coalesce(email.emails_clicked_30d, 0)) / 3.0
        ) as reading
    from {{ ref('int_feature_spine') }} as spine
    left join {{ ref('feat_orders') }} as orders
        on spine.customer_key = orders.customer_key and spine.moment_at = orders.moment_at
    left join {{ ref('feat_web') }} as web
        on spine.customer_key = web.customer_key and spine.moment_at = web.moment_at
    left join {{ ref('feat_email') }} as email
        on spine.customer_key = email.customer_key and spine.moment_at = email.moment_at

)

select
    components.customer_key,
    components.moment_at,
    100.0 * (
        0.50 * components.buying
        + case when present.has_web_events then 0.30 * components.browsing else 0 end
        + case when present.has_email_events then 0.20 * components.reading else 0 end
    ) / (
        0.50
        + case when present.has_web_events then 0.30 else 0 end
        + case when present.has_email_events then 0.20 else 0 end
    ) as engagement_score
from components
cross join present
