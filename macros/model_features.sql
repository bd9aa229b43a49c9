{#-
    The features that classifiers are trained on. Each is a column of customer_features, except for overdue, which
    model_inputs computes. With `log_` before it, it is ln(1 + column). Nulls become 0. A new one is a line here.
    None is the others' sum, as the logarithm of spend per order would be: weights that cancel each other out in training
    no longer do when customers fall silent.
-#}
{% macro model_features() -%}
    {{ return([
        'log_recency_days', 'log_tenure_days', 'log_overdue', 'gap_regularity', 'log_gap_mean_days',
        'log_orders_30d', 'log_orders_90d', 'log_orders_365d', 'log_orders_lifetime', 'log_orders_same_season_last_year',
        'log_spend_30d', 'log_spend_90d', 'log_spend_365d', 'log_spend_lifetime',
        'log_lines_per_order_365d', 'log_categories_365d', 'discount_share_365d', 'weekend_share_365d',
        'online_share', 'log_sessions_30d', 'log_product_views_30d', 'log_cart_adds_7d',
        'log_emails_opened_90d', 'log_emails_clicked_90d', 'log_campaign_touches_90d', 'log_redemptions_365d'
    ]) }}
{%- endmacro %}
