-- One row per event of a visitor on the website or in the app.
select
    event_id,
    occurred_at,
    event_name,
    anonymous_id,
    account_id,
    product_id,
    order_id,
    privacy_signal
from {{ latest_version('web_events', ['event_id'], event_at='occurred_at') }}
