-- One row per customer and moment with e-mail events in the year before: what they were sent, and made of it.
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

)

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
