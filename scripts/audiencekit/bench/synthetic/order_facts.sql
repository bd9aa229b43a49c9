-- One row per purchase of a person, about ten per customer. Orders, returns and lines are made from it.
with

quotas as (

    select
        *,
        cast(round(buying_weight * 10 * getvariable('customers') / sum(buying_weight) over ()) as bigint) as orders
    from (select *, cast(buying * 1000000 as bigint) as buying_weight from people)

),

numbered as (

    select *, person_id * 10000 + unnest(range(least(orders, 9999))) as order_number
    from quotas

),

drawn as (

    select
        person_id,
        order_number,
        country_code,
        account_id,
        card_number,
        email,
        phone,
        ago(86400 * (left_days_ago + (joined_days_ago - left_days_ago) * chance(order_number, 30))) as ordered_at,
        round(exp(3.6 + 0.8 * bell(order_number, 31)), 2) as total,
        chance(order_number, 33) as channel_draw,
        chance(order_number, 34) as status_draw,
        chance(order_number, 35) as discount_draw,
        chance(order_number, 36) as identified
    from numbered

)

select
    person_id,
    order_number,
    ordered_at,
    total,
    country_code,
    case when channel_draw < 0.45 then 'store' when channel_draw < 0.85 then 'web' when channel_draw < 0.98 then 'app' else 'phone' end
        as order_channel,
    case when status_draw < 0.02 then 'cancelled' when status_draw < 0.03 then 'returned' else 'completed' end as status,
    status_draw >= 0.03 and status_draw < 0.07 as has_return,
    status_draw >= 0.99 as has_earlier_version,
    case when discount_draw < 0.25 then round(total * discount_draw, 2) else 0 end as discount,
    -- Online a login or an e-mail; in a store a card or nothing, which is a guest order.
    case when channel_draw >= 0.45 and channel_draw < 0.98 then account_id end as account_id,
    case when channel_draw < 0.45 and identified < 0.8 then card_number end as card_number,
    case when channel_draw >= 0.45 and channel_draw < 0.98 and (account_id is null or identified < 0.3) then email end as email,
    case when channel_draw >= 0.98 then phone end as phone
from drawn
