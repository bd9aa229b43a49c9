{#- The features that micro-segments are made of, named as in model_features(). -#}
{% macro cluster_features() -%}
    {{ return([
        'log_recency_days', 'log_orders_365d', 'log_spend_365d', 'log_lines_per_order_365d',
        'discount_share_365d', 'weekend_share_365d', 'online_share'
    ]) }}
{%- endmacro %}
