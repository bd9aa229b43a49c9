-- One row per customer and moment: what they had done by then. Now is one of the moments; where models are to be
-- trained, their cut-offs are the others. What only an absent landing table could tell is null; zero means that it
-- was looked for and not found.
select
    cast(spine.customer_key as string) as customer_key,
    cast(spine.moment_at as timestamp) as moment_at,
    cast(orders.first_order_at as timestamp) as first_order_at,
    cast(orders.last_order_at as timestamp) as last_order_at,
    cast(orders.recency_days as double) as recency_days,
    cast(orders.tenure_days as double) as tenure_days,
    cast(coalesce(orders.orders_lifetime, 0) as bigint) as orders_lifetime,
    cast(coalesce(orders.orders_7d, 0) as bigint) as orders_7d,
    cast(coalesce(orders.orders_30d, 0) as bigint) as orders_30d,
    cast(coalesce(orders.orders_90d, 0) as bigint) as orders_90d,
    cast(coalesce(orders.orders_365d, 0) as bigint) as orders_365d,
    cast(coalesce(orders.spend_lifetime_usd, 0) as double) as spend_lifetime_usd,
    cast(coalesce(orders.spend_7d_usd, 0) as double) as spend_7d_usd,
    cast(coalesce(orders.spend_30d_usd, 0) as double) as spend_30d_usd,
    cast(coalesce(orders.spend_90d_usd, 0) as double) as spend_90d_usd,
    cast(coalesce(orders.spend_365d_usd, 0) as double) as spend_365d_usd,
    cast(orders.aov_365d_usd as double) as aov_365d_usd,
    cast(orders.discount_share_365d as double) as discount_share_365d,
    cast(orders.gap_mean_days as double) as gap_mean_days,
    cast(orders.gap_stddev_days as double) as gap_stddev_days,
    cast(orders.gap_regularity as double) as gap_regularity,
    cast(orders.preferred_order_channel as string) as preferred_order_channel,
    cast(orders.top_season as string) as top_season,
    cast(coalesce(orders.orders_same_season_last_year, 0) as bigint) as orders_same_season_last_year,
    cast(orders.weekend_share_365d as double) as weekend_share_365d,
    cast(orders.online_share as double) as online_share,
    cast(coalesce(orders.repeat_days, 0) as bigint) as repeat_days,
    cast(orders.repeat_day_spend_usd as double) as repeat_day_spend_usd,
    cast(rfm.r_score as bigint) as r_score,
    cast(rfm.f_score as bigint) as f_score,
    cast(rfm.m_score as bigint) as m_score,
    cast(rfm.rfm_family as string) as rfm_family,
    cast(
        case when present.has_order_lines then categories.lines_per_order_365d end
        as double
    ) as lines_per_order_365d,
    cast(
        case when present.has_order_lines and present.has_products then categories.categories_365d end
        as bigint
    ) as categories_365d,
    cast(
        case when present.has_order_lines and present.has_products then categories.top_category end
        as string
    ) as top_category,
    cast(
        case when present.has_order_lines and present.has_products then categories.top_category_share end
        as double
    ) as top_category_share,
    cast(case when present.has_web_events then web.last_web_at end as timestamp) as last_web_at,
    cast(case when present.has_web_events then coalesce(web.sessions_48h, 0) end as bigint) as sessions_48h,
    cast(case when present.has_web_events then coalesce(web.sessions_7d, 0) end as bigint) as sessions_7d,
    cast(case when present.has_web_events then coalesce(web.sessions_30d, 0) end as bigint) as sessions_30d,
    cast(case when present.has_web_events then coalesce(web.sessions_90d, 0) end as bigint) as sessions_90d,
    cast(case when present.has_web_events then coalesce(web.product_views_10m, 0) end as bigint) as product_views_10m,
    cast(case when present.has_web_events then coalesce(web.product_views_30m, 0) end as bigint) as product_views_30m,
    cast(case when present.has_web_events then coalesce(web.product_views_48h, 0) end as bigint) as product_views_48h,
    cast(case when present.has_web_events then coalesce(web.product_views_7d, 0) end as bigint) as product_views_7d,
    cast(case when present.has_web_events then coalesce(web.product_views_30d, 0) end as bigint) as product_views_30d,
    cast(case when present.has_web_events then coalesce(web.cart_adds_10m, 0) end as bigint) as cart_adds_10m,
    cast(case when present.has_web_events then coalesce(web.cart_adds_30m, 0) end as bigint) as cart_adds_30m,
    cast(case when present.has_web_events then coalesce(web.cart_adds_48h, 0) end as bigint) as cart_adds_48h,
    cast(case when present.has_web_events then coalesce(web.cart_adds_7d, 0) end as bigint) as cart_adds_7d,
    cast(
        case when present.has_web_events and present.has_campaign_touches then coalesce(web.promotion_views_7d, 0) end
        as bigint
    ) as promotion_views_7d,
    cast(case when present.has_web_events then web.open_cart_minutes end as double) as open_cart_minutes,
    cast(case when present.has_email_events then coalesce(email.emails_sent_30d, 0) end as bigint) as emails_sent_30d,
    cast(
        case when present.has_email_events then coalesce(email.emails_opened_30d, 0) end
        as bigint
    ) as emails_opened_30d,
    cast(
        case when present.has_email_events then coalesce(email.emails_clicked_30d, 0) end
        as bigint
    ) as emails_clicked_30d,
    cast(case when present.has_email_events then coalesce(email.emails_sent_90d, 0) end as bigint) as emails_sent_90d,
    cast(
        case when present.has_email_events then coalesce(email.emails_opened_90d, 0) end
        as bigint
    ) as emails_opened_90d,
    cast(
        case when present.has_email_events then coalesce(email.emails_clicked_90d, 0) end
        as bigint
    ) as emails_clicked_90d,
    cast(
        case when present.has_campaign_touches then coalesce(campaigns.campaign_touches_90d, 0) end
        as bigint
    ) as campaign_touches_90d,
    cast(
        case when present.has_campaign_touches then coalesce(campaigns.redemptions_365d, 0) end
        as bigint
    ) as redemptions_365d,
    cast(engagement.engagement_score as double) as engagement_score,
    cast(
        {{ elapsed(
            'day', 'greatest(orders.last_order_at, web.last_web_at, email.last_email_engaged_at)', 'spine.moment_at'
        ) }}
        as double
    ) as interaction_recency_days
from {{ ref('int_feature_spine') }} as spine
cross join {{ ref('stg_landing__presence') }} as present
left join {{ ref('feat_orders') }} as orders
    on spine.customer_key = orders.customer_key and spine.moment_at = orders.moment_at
left join {{ ref('feat_rfm') }} as rfm
    on spine.customer_key = rfm.customer_key and spine.moment_at = rfm.moment_at
left join {{ ref('feat_categories') }} as categories
    on spine.customer_key = categories.customer_key and spine.moment_at = categories.moment_at
left join {{ ref('feat_web') }} as web
    on spine.customer_key = web.customer_key and spine.moment_at = web.moment_at
left join {{ ref('feat_email') }} as email
    on spine.customer_key = email.customer_key and spine.moment_at = email.moment_at
left join {{ ref('feat_campaigns') }} as campaigns
    on spine.customer_key = campaigns.customer_key and spine.moment_at = campaigns.moment_at
left join {{ ref('feat_engagement') }} as engagement
    on spine.customer_key = engagement.customer_key and spine.moment_at = engagement.moment_at
