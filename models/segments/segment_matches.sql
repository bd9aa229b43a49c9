-- One row per segment and customer who matches its rule now. A new segment is one line here.
{% set segments = [
    'abandoned_cart',
    'at_risk',
    'campaign_browsers_25_34',
    'engaged_cart_abandoners',
    'frequent_and_recent',
    'high_intent',
    'high_value',
    'inactive',
    'infrequent_buyers',
    'loyal_customers',
    'new_customers',
    'newsletter_subscribers',
    'product_page_visitors',
    'recent_buyers',
    'recent_high_frequency',
    'rfm_about_to_sleep',
    'rfm_at_risk',
    'rfm_cannot_lose',
    'rfm_champions',
    'rfm_hibernating',
    'rfm_lost',
    'rfm_loyal',
    'rfm_need_attention',
    'rfm_new_customers',
    'rfm_potential_loyalists',
    'rfm_promising',
    'vip',
] %}

{% for segment in segments %}
select
    cast('{{ segment }}' as string) as segment_code,
    customer_key
from {{ ref('seg_' ~ segment) }}
{{ 'union all' if not loop.last }}
{% endfor %}
