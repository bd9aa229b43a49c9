-- One row per customer with e-mail events in a year: what they were sent, and what they made of it.
with

events as (

    select * from {{ ref('fct_email_events') }}
    where {{ in_window('occurred_at', 365, 'day') }}

)

select
    customer_key,
    {% for days in [30, 90] %}
    count(*) filter (where event_name = 'sent' and {{ in_window('occurred_at', days, 'day') }})
        as emails_sent_{{ days }}d,
    count(*) filter (where event_name = 'opened' and {{ in_window('occurred_at', days, 'day') }})
        as emails_opened_{{ days }}d,
    count(*) filter (where event_name = 'clicked' and {{ in_window('occurred_at', days, 'day') }})
        as emails_clicked_{{ days }}d,
    {% endfor %}
    max(occurred_at) filter (where event_name in ('opened', 'clicked')) as last_email_engaged_at
from events
group by customer_key
