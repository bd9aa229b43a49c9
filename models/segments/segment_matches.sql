-- One row per segment and customer who matches its rule now. A new segment is one line here, or in `own_segments` of
-- a project of one's own: dbt has to read the names when it parses, before it knows the files.
{% set segments = [
    'abandoned_cart',
    'advocates',
    'at_risk',
    'campaign_browsers_25_34',
    'churn_risk',
    'dormant',
    'downloaders',
    'due_to_buy',
    'engaged_cart_abandoners',
    'frequent_and_recent',
    'high_clv',
    'high_intent',
    'high_value',
    'inactive',
    'infrequent_buyers',
    'lapsed',
    'likely_to_buy',
    'lookalike_seed',
    'loyal_customers',
    'micro_segment_1',
    'micro_segment_2',
    'micro_segment_3',
    'micro_segment_4',
    'micro_segment_5',
    'micro_segment_6',
    'micro_segment_7',
    'micro_segment_8',
    'new_customers',
    'newsletter_subscribers',
    'open_service_contact',
    'overdue',
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
    'video_viewers',
    'vip',
] %}

{% for segment in (segments + var('own_segments')) | unique %}
select
    '{{ segment }}' as segment_code,
    customer_key
from {{ ref('seg_' ~ segment) }}
{{ 'union all' if not loop.last }}
{% endfor %}
