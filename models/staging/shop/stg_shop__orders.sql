-- One row per order or return.
select
    order_id,
    ordered_at,
    total_usd,
    account_id,
    card_number,
    email,
    phone,
    original_order_id,
    discount_usd,
    upper(country_code) as country_code,
    coalesce(status, 'completed') as status,
    coalesce(updated_at, ordered_at) as status_at,
    coalesce(total_usd < 0 or original_order_id <> order_id, false) as is_return,
    coalesce(order_channel, 'unknown') as order_channel
from {{ latest_version('orders', ['order_id'], event_at='ordered_at', latest_by='updated_at') }}
