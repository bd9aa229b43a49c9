-- One row per order or return, with amounts in the reporting currency.
{% set decisions = [
    'email_opt_in', 'email_opt_out', 'newsletter_opt_in', 'sms_opt_in', 'sms_opt_out', 'ads_opt_out'
] -%}
-- What a gift card paid is part of the amount; a return gives it back.
{% set is_return = 'total < 0 or original_order_id <> order_id' -%}
{% set amount = '(total + case when ' ~ is_return ~ ' then -1 else 1 end * coalesce(paid_outside_total, 0))' -%}
select
    order_id,
    ordered_at,
    currency,
    has_outdated_rate,
    {{ in_reporting_currency(amount) }} as total,
    account_id,
    card_number,
    email,
    phone,
    original_order_id,
    {{ in_reporting_currency('discount') }} as discount,
    settled_email_opt_in as email_opt_in,
    settled_email_opt_out as email_opt_out,
    settled_newsletter_opt_in as newsletter_opt_in,
    settled_sms_opt_in as sms_opt_in,
    settled_sms_opt_out as sms_opt_out,
    settled_ads_opt_out as ads_opt_out,
    iso_country as country_code,
    unknown_country,
    coalesce(status, 'completed') as status,
    coalesce(updated_at, ordered_at) as status_at,
    coalesce({{ is_return }}, false) as is_return,
    coalesce(order_channel, 'unknown') as order_channel
from {{ with_exchange_rate(
    with_places(latest_version(
        'orders', ['order_id'], event_at='ordered_at', latest_by='updated_at', decisions=decisions
    )),
    'located', 'located.ordered_at'
) }}
