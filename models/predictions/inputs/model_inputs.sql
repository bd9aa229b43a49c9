-- One row per customer and moment by which they had bought: features as the models take them. Counts and money by
-- their logarithm, and no nulls: what a source that never landed would tell is 0 for everybody, and a feature that
-- is the same for everybody weighs nothing.
select
    customer_key,
    moment_at,
    recency_days <= 180 as is_active,
    repeat_days,
    -- Two orders of one day are one purchase day, and nothing repeated.
    case when repeat_days = 0 then 0 else tenure_days - recency_days end as first_to_last_days,
    tenure_days,
    repeat_day_spend_usd,
    spend_365d_usd,
    -- How long the shop has been looked at: spend of a year is spend of less in a younger shop.
    least(365, max(tenure_days) over (partition by moment_at)) as observed_days,
    ln(1 + greatest(coalesce(recency_days, 0), 0)) as log_recency_days,
    ln(1 + greatest(coalesce(tenure_days, 0), 0)) as log_tenure_days,
    -- How long they have been silent, in their own usual gaps.
    ln(1 + recency_days / greatest(coalesce(gap_mean_days, tenure_days), 1)) as log_overdue,
    coalesce(gap_regularity, 0) as gap_regularity,
    ln(1 + greatest(coalesce(orders_30d, 0), 0)) as log_orders_30d,
    ln(1 + greatest(coalesce(orders_90d, 0), 0)) as log_orders_90d,
    ln(1 + greatest(coalesce(orders_365d, 0), 0)) as log_orders_365d,
    ln(1 + greatest(coalesce(orders_same_season_last_year, 0), 0)) as log_orders_same_season_last_year,
    ln(1 + greatest(coalesce(spend_30d_usd, 0), 0)) as log_spend_30d_usd,
    ln(1 + greatest(coalesce(spend_90d_usd, 0), 0)) as log_spend_90d_usd,
    ln(1 + greatest(coalesce(spend_365d_usd, 0), 0)) as log_spend_365d_usd,
    ln(1 + greatest(coalesce(aov_365d_usd, 0), 0)) as log_aov_365d_usd,
    ln(1 + greatest(coalesce(lines_per_order_365d, 0), 0)) as log_lines_per_order_365d,
    ln(1 + greatest(coalesce(categories_365d, 0), 0)) as log_categories_365d,
    coalesce(discount_share_365d, 0) as discount_share_365d,
    coalesce(weekend_share_365d, 0) as weekend_share_365d,
    coalesce(online_share, 0) as online_share,
    ln(1 + greatest(coalesce(sessions_30d, 0), 0)) as log_sessions_30d,
    ln(1 + greatest(coalesce(product_views_30d, 0), 0)) as log_product_views_30d,
    ln(1 + greatest(coalesce(cart_adds_7d, 0), 0)) as log_cart_adds_7d,
    ln(1 + greatest(coalesce(emails_opened_90d, 0), 0)) as log_emails_opened_90d,
    ln(1 + greatest(coalesce(emails_clicked_90d, 0), 0)) as log_emails_clicked_90d,
    ln(1 + greatest(coalesce(campaign_touches_90d, 0), 0)) as log_campaign_touches_90d,
    ln(1 + greatest(coalesce(redemptions_365d, 0), 0)) as log_redemptions_365d
from {{ ref('customer_features') }}
where tenure_days is not null
