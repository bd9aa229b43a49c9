-- One row per customer, channel and day on which they answered there: opened or clicked an e-mail, clicked or redeemed
-- a campaign, or placed an order. Orders on the web and in the app are answers on the website.
select distinct
    customer_key,
    channel,
    cast({{ shop_time('answered_at') }} as date) as answered_on
from (
    select customer_key, 'email' as channel, occurred_at as answered_at
    from {{ ref('fct_email_events') }}
    where event_name in ('opened', 'clicked')
    union all
    select customer_key, channel, touched_at
    from {{ ref('fct_touches') }}
    where touch_name in ('clicked', 'redeemed') and channel is not null
    union all
    select
        customer_key,
        case when order_channel in ('web', 'app') then 'website' else order_channel end,
        ordered_at
    from {{ ref('fct_orders') }}
    where placed_amount > 0 and order_channel is not null
) as answers
where customer_key is not null and answered_at < {{ as_of() }}
