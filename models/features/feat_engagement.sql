-- One row per customer and moment: the engagement score, 0 to 100 (its formula is in docs/features.md), and the days
-- since their last interaction.
{% set parts = ['buying', 'browsing', 'reading', 'content'] %}
with

weights as (

    select
        {% for part in parts %}
        max(case when component = '{{ part }}' then weight end) as {{ part }},
        max(case when component = '{{ part }}' then actions end) as {{ part }}_actions,
        {% endfor %}
        count(*) as components
    from {{ ref('engagement_weights') }}

),

-- Each component rises steeply at first and then levels off. It is null where the landing lacks its source.
components as (

    select
        orders.customer_key,
        orders.moment_at,
        1 - exp(-orders.orders_30d / weights.buying_actions) as buying,
        1 - exp(-web.sessions_30d / weights.browsing_actions) as browsing,
        1 - exp(-(email.emails_opened_30d + 2.0 * email.emails_clicked_30d) / weights.reading_actions) as reading,
        1 - exp(-interests.content_events_30d / weights.content_actions) as content,
        greatest(orders.last_order_at, web.last_web_at, email.last_email_engaged_at) as last_interaction_at
    from {{ ref('feat_orders') }} as orders
    inner join {{ ref('feat_web') }} as web
        on orders.customer_key = web.customer_key and orders.moment_at = web.moment_at
    inner join {{ ref('feat_email') }} as email
        on orders.customer_key = email.customer_key and orders.moment_at = email.moment_at
    inner join {{ ref('feat_interests') }} as interests
        on orders.customer_key = interests.customer_key and orders.moment_at = interests.moment_at
    cross join weights

)

-- A component without a source is left out, and the weights of the others are scaled up.
select
    components.customer_key,
    components.moment_at,
    100.0 * (
        {% for part in parts -%}
        coalesce(weights.{{ part }} * components.{{ part }}, 0){{ ' + ' if not loop.last }}
        {%- endfor %}
    ) / (
        {% for part in parts -%}
        case when components.{{ part }} is null then 0 else weights.{{ part }} end{{ ' + ' if not loop.last }}
        {%- endfor %}
    ) as engagement_score,
    {{ elapsed('day', 'components.last_interaction_at', 'components.moment_at') }} as interaction_recency_days
from components
cross join weights
