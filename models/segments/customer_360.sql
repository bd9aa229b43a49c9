-- One row per customer: all that segments may ask about them, as of now, and nothing that names them: who they are,
-- what they did, and what the models expect of them.
with

newsletter as (

    select customer_key, basis = 'granted' as is_newsletter_subscriber
    from {{ ref('dim_consent') }}
    where purpose = 'newsletter' and channel = 'all'

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
    features.first_order_at,
    features.last_order_at,
    features.recency_days,
    features.tenure_days,
    features.orders_lifetime,
    features.orders_7d,
    features.orders_30d,
    features.orders_90d,
    features.orders_365d,
    features.spend_lifetime_usd,
    features.spend_7d_usd,
    features.spend_30d_usd,
    features.spend_90d_usd,
    features.spend_365d_usd,
    features.aov_365d_usd,
    features.discount_share_365d,
    features.gap_mean_days,
    features.gap_stddev_days,
    features.gap_regularity,
    features.preferred_order_channel,
    features.top_season,
    features.orders_same_season_last_year,
    features.weekend_share_365d,
    features.online_share,
    features.repeat_days,
    features.repeat_day_spend_usd,
    features.r_score,
    features.f_score,
    features.m_score,
    features.rfm_family,
    features.lines_per_order_365d,
    features.categories_365d,
    features.top_category,
    features.top_category_share,
    features.last_web_at,
    features.sessions_48h,
    features.sessions_7d,
    features.sessions_30d,
    features.sessions_90d,
    features.product_views_10m,
    features.product_views_30m,
    features.product_views_48h,
    features.product_views_7d,
    features.product_views_30d,
    features.cart_adds_10m,
    features.cart_adds_30m,
    features.cart_adds_48h,
    features.cart_adds_7d,
    features.promotion_views_7d,
    features.open_cart_minutes,
    features.emails_sent_30d,
    features.emails_opened_30d,
    features.emails_clicked_30d,
    features.emails_sent_90d,
    features.emails_opened_90d,
    features.emails_clicked_90d,
    features.campaign_touches_90d,
    features.redemptions_365d,
    features.engagement_score,
    features.interaction_recency_days,
    predictions.propensity_30d,
    predictions.propensity_90d,
    predictions.propensity_90d_rank,
    predictions.churn_90d,
    predictions.expected_purchases_90d,
    predictions.lifetime_value_90d_usd,
    predictions.lifetime_value_90d_rank,
    predictions.micro_segment_id,
    predictions.micro_segment_name,
    leads.lead_score,
    leads.lead_grade
from {{ ref('dim_customers') }} as customers
cross join {{ ref('stg_landing__presence') }} as present
left join newsletter on customers.customer_key = newsletter.customer_key
inner join {{ ref('customer_features') }} as features
    on customers.customer_key = features.customer_key and features.moment_at = {{ as_of() }}
left join {{ ref('customer_predictions') }} as predictions on customers.customer_key = predictions.customer_key
left join {{ ref('pred_lead_score') }} as leads on customers.customer_key = leads.customer_key
