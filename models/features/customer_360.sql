-- One row per customer: all that segments may ask about them, as of now, and nothing that names them.
-- What only an absent landing table could tell is null; zero means that it was looked for and not found.
with

newsletter as (

    select customer_key, basis = 'granted' as is_newsletter_subscriber
    from {{ ref('dim_consent') }}
    where purpose = 'newsletter'

)

select
    cast(customers.customer_key as string) as customer_key,
    cast(customers.first_seen_at as timestamp) as first_seen_at,
    cast(customers.country_code as string) as country_code,
    cast(customers.region as string) as region,
    cast(customers.age_band as string) as age_band,
    cast(customers.income_band as string) as income_band,
    cast(customers.household_size as string) as household_size,
    cast(customers.kids_count as string) as kids_count,
    cast(case when present.has_static_lists then customers.is_vip end as boolean) as is_vip,
    cast(
        case when present.has_consent_events then coalesce(newsletter.is_newsletter_subscriber, false) end
        as boolean
    ) as is_newsletter_subscriber,
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
        {{ elapsed('day', 'greatest(orders.last_order_at, web.last_web_at, email.last_email_engaged_at)', as_of()) }}
        as double
    ) as interaction_recency_days
from {{ ref('dim_customers') }} as customers
cross join {{ ref('stg_landing__presence') }} as present
left join newsletter on customers.customer_key = newsletter.customer_key
left join {{ ref('feat_orders') }} as orders on customers.customer_key = orders.customer_key
left join {{ ref('feat_rfm') }} as rfm on customers.customer_key = rfm.customer_key
left join {{ ref('feat_categories') }} as categories on customers.customer_key = categories.customer_key
left join {{ ref('feat_web') }} as web on customers.customer_key = web.customer_key
left join {{ ref('feat_email') }} as email on customers.customer_key = email.customer_key
left join {{ ref('feat_campaigns') }} as campaigns on customers.customer_key = campaigns.customer_key
left join {{ ref('feat_engagement') }} as engagement on customers.customer_key = engagement.customer_key
