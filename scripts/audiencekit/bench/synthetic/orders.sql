-- One row per version of an order: purchases, an earlier version of one in a hundred, and returns of one in twenty-five.
with

written as (

    select
        'o' || printf('%013d', order_number) as order_id,
        ordered_at,
        total,
        status,
        null as original_order_id,
        in_time(ordered_at + interval 2 day) as updated_at,
        discount,
        columns(['account_id', 'card_number', 'email', 'phone', 'country_code', 'order_channel'])
    from order_facts
    union all by name
    select
        'o' || printf('%013d', order_number) as order_id,
        ordered_at,
        total,
        'placed' as status,
        in_time(ordered_at + interval 1 minute) - interval 1 second as updated_at,
        discount,
        columns(['account_id', 'card_number', 'email', 'phone', 'country_code', 'order_channel'])
    from order_facts
    where has_earlier_version
    union all by name
    select
        'r' || printf('%013d', order_number) as order_id,
        in_time(ordered_at + interval 9 day) as ordered_at,
        -round(total * pick([1, 1, 0.5], chance(order_number, 37)), 2) as total,
        'completed' as status,
        'o' || printf('%013d', order_number) as original_order_id,
        in_time(ordered_at + interval 9 day) as updated_at,
        0 as discount,
        columns(['account_id', 'card_number', 'email', 'phone', 'country_code', 'order_channel'])
    from order_facts
    where has_return

)

select
    order_id,
    ordered_at,
    total,
    account_id,
    card_number,
    email,
    phone,
    country_code,
    status,
    cast(null as double) as paid_outside_total,
    original_order_id,
    discount,
    cast(null as varchar) as currency,
    order_channel,
    cast(null as boolean) as email_opt_in,
    cast(null as boolean) as email_opt_out,
    cast(null as boolean) as newsletter_opt_in,
    cast(null as boolean) as sms_opt_in,
    cast(null as boolean) as sms_opt_out,
    cast(null as boolean) as ads_opt_out,
    updated_at
from written
