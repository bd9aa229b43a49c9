-- One row per customer and moment: what they watched, downloaded, shared and read in the 90 days before, and the device
-- they used most. Null where the landing has no web events; content is null where none of them is of content.
{% set actions = {
    'video_plays': 'video_play', 'videos_completed': 'video_complete', 'downloads': 'download', 'shares': 'share'
} %}
{% set scroll_names = ['percent_scrolled', 'scroll_depth', 'percent'] %}
with

events as (

    select
        spine.customer_key,
        spine.moment_at,
        events.event_name,
        events.event_kind,
        events.device_type,
        events.occurred_at,
        case
            when events.event_name = 'scroll'
                then coalesce(
                    {% for name in scroll_names %}
                    try_cast({{ json_field('events.properties', name) }} as double){{ ',' if not loop.last }}
                    {% endfor %}
                )
        end as scroll_depth,
        {{ micros_between('events.occurred_at', 'spine.moment_at') }} as age_micros
    from {{ ref('fct_events') }} as events
    inner join {{ ref('int_feature_spine') }} as spine
        on events.customer_key = spine.customer_key and events.known_at < spine.moment_at
    where
        events.occurred_at >= (
            select {{ dbt.dateadd('day', -90, 'min(moment_at)') }} from {{ ref('int_feature_spine') }}
        )

),

counted as (

    select
        customer_key,
        moment_at,
        {% for days in [30, 90] %}
        count(*) filter (where event_kind = 'content' and {{ in_window(days, 'day') }}) as content_events_{{ days }}d,
        {% for name, event in actions.items() %}
        count(*) filter (where event_name = '{{ event }}' and {{ in_window(days, 'day') }}) as {{ name }}_{{ days }}d,
        {% endfor %}
        {% endfor %}
        max(scroll_depth) filter (where {{ in_window(30, 'day') }}) as scroll_depth_30d
    from events
    where {{ in_window(90, 'day') }}
    group by customer_key, moment_at

),

devices as (

    select
        customer_key,
        moment_at,
        device_type
    from events
    where device_type is not null and {{ in_window(90, 'day') }}
    group by customer_key, moment_at, device_type
    qualify row_number() over (
        partition by customer_key, moment_at
        order by count(*) desc, max(occurred_at) desc, device_type
    ) = 1

)

select
    spine.customer_key,
    spine.moment_at,
    {% for days in [30, 90] %}
    {% for name in ['content_events', 'video_plays', 'videos_completed', 'downloads'] %}
    case when contents.has_content then coalesce(counted.{{ name }}_{{ days }}d, 0) end as {{ name }}_{{ days }}d,
    {% endfor %}
    case when present.has_web_events then coalesce(counted.shares_{{ days }}d, 0) end as shares_{{ days }}d,
    {% endfor %}
    counted.scroll_depth_30d,
    devices.device_type as preferred_device_90d
from {{ ref('int_feature_spine') }} as spine
cross join {{ ref('stg_landing__presence') }} as present
cross join {{ ref('int_content_presence') }} as contents
left join counted on spine.customer_key = counted.customer_key and spine.moment_at = counted.moment_at
left join devices on spine.customer_key = devices.customer_key and spine.moment_at = devices.moment_at
