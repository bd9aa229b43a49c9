-- One row per customer and moment: web sessions, product views and carts in the 90 days before. Null where the landing
-- has no web events.
{% set session_windows = [('7d', 7, 'day'), ('30d', 30, 'day'), ('90d', 90, 'day'), ('48h', 48, 'hour')] %}
{% set intent_windows = [
    ('10m', 10, 'minute'), ('30m', 30, 'minute'), ('48h', 48, 'hour'), ('7d', 7, 'day'), ('30d', 30, 'day')
] %}
with

linked as (

    select
        spine.customer_key,
        spine.moment_at,
        events.event_id,
        events.event_name,
        events.occurred_at,
        {{ micros_between('events.occurred_at', 'spine.moment_at') }} as age_micros
    from {{ ref('fct_events') }} as events
    -- An event that was still anonymous at the moment does not count, even if somebody logged in from the device later.
    inner join {{ ref('int_feature_spine') }} as spine
        on events.customer_key = spine.customer_key and events.known_at < spine.moment_at
    where
        events.occurred_at >= (
            select {{ dbt.dateadd('day', -90, 'min(moment_at)') }} from {{ ref('int_feature_spine') }}
        )

),

events as (

    select * from linked
    where {{ in_window(90, 'day') }}

),

-- A session starts after half an hour of silence.
marked as (

    select
        *,
        coalesce(
            {{ elapsed('minute', 'lag(occurred_at) over in_order', 'occurred_at') }} > 30,
            true
        ) as starts_session,
        {{ micros_between('lag(occurred_at) over in_order', 'occurred_at') }} as pause_micros
    from events
    window in_order as (partition by customer_key, moment_at order by occurred_at, event_id)

),

counted as (

    select
        customer_key,
        moment_at,
        {% for name, count, unit in session_windows %}
        count(*) filter (where starts_session and {{ in_window(count, unit) }}) as sessions_{{ name }},
        {% endfor %}
        {% for name, count, unit in intent_windows %}
        count(*) filter (where event_name = 'product_view' and {{ in_window(count, unit) }})
            as product_views_{{ name }},
        count(*) filter (where event_name = 'add_to_cart' and {{ in_window(count, unit) }})
            as cart_adds_{{ name }},
        {% endfor %}
        sum(pause_micros) filter (where not starts_session and {{ in_window(30, 'day') }}) as session_micros_30d,
        max(occurred_at) as last_web_at
    from marked
    group by customer_key, moment_at

),

during_promotion as (

    select customer_key, moment_at, count(*) as promotion_views_7d
    from events
    where
        event_name = 'product_view'
        and {{ in_window(7, 'day') }}
        and exists (
            select 1 from {{ ref('dim_campaigns') }} as campaigns
            where
                events.occurred_at >= cast(campaigns.starts_on as timestamp)
                and events.occurred_at < {{ dbt.dateadd('day', 1, 'cast(campaigns.ends_on as timestamp)') }}
        )
    group by customer_key, moment_at

)

select
    spine.customer_key,
    spine.moment_at,
    counted.last_web_at,
    {% for name, _, _ in session_windows %}
    case when present.has_web_events then coalesce(counted.sessions_{{ name }}, 0) end as sessions_{{ name }},
    {% endfor %}
    {% for name, _, _ in intent_windows %}
    {% for action in ['product_views', 'cart_adds'] %}
    case when present.has_web_events then coalesce(counted.{{ action }}_{{ name }}, 0) end as {{ action }}_{{ name }},
    {% endfor %}
    {% endfor %}
    case
        when counted.sessions_30d > 0
            then coalesce(counted.session_micros_30d, 0) / 1000000e0 / counted.sessions_30d
    end as seconds_per_session_30d,
    case
        when present.has_web_events and present.has_campaign_touches
            then coalesce(during_promotion.promotion_views_7d, 0)
    end as promotion_views_7d,
    {{ elapsed('minute', 'open_carts.last_added_at', 'spine.moment_at') }} as open_cart_minutes
from {{ ref('int_feature_spine') }} as spine
cross join {{ ref('stg_landing__presence') }} as present
left join counted on spine.customer_key = counted.customer_key and spine.moment_at = counted.moment_at
left join (
    select customer_key, moment_at, max(added_at) as last_added_at
    from {{ ref('int_cart_products') }}
    group by customer_key, moment_at
) as open_carts
    on spine.customer_key = open_carts.customer_key and spine.moment_at = open_carts.moment_at
left join during_promotion
    on spine.customer_key = during_promotion.customer_key and spine.moment_at = during_promotion.moment_at
