-- One row per customer and moment: e-mails they were sent, opened and clicked in the year before. Null where the
-- landing has no e-mail events.
with

events as (

    select
        spine.customer_key,
        spine.moment_at,
        events.event_name,
        events.occurred_at,
        {{ micros_between('events.occurred_at', 'spine.moment_at') }} as age_micros
    from {{ ref('fct_email_events') }} as events
    inner join {{ ref('int_feature_spine') }} as spine on events.customer_key = spine.customer_key
    where
        events.occurred_at >= (
            select {{ dbt.dateadd('day', -365, 'min(moment_at)') }} from {{ ref('int_feature_spine') }}
        )

),

counted as (

    select
        customer_key,
        moment_at,
        {% for days in [30, 90] %}
        {% for event in ['sent', 'opened', 'clicked'] %}
        count(*) filter (where event_name = '{{ event }}' and {{ in_window(days, 'day') }})
            as emails_{{ event }}_{{ days }}d,
        {% endfor %}
        {% endfor %}
        max(occurred_at) filter (where event_name in ('opened', 'clicked')) as last_email_engaged_at
    from events
    where {{ in_window(365, 'day') }}
    group by customer_key, moment_at

)

select
    spine.customer_key,
    spine.moment_at,
    {% for days in [30, 90] %}
    {% for event in ['sent', 'opened', 'clicked'] %}
    case when present.has_email_events then coalesce(counted.emails_{{ event }}_{{ days }}d, 0) end
        as emails_{{ event }}_{{ days }}d,
    {% endfor %}
    {% endfor %}
    counted.last_email_engaged_at
from {{ ref('int_feature_spine') }} as spine
cross join {{ ref('stg_landing__presence') }} as present
left join counted on spine.customer_key = counted.customer_key and spine.moment_at = counted.moment_at
