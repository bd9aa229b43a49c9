-- One row per shop login (account).
{% set decisions = [
    'email_opt_in', 'email_opt_out', 'newsletter_opt_in', 'sms_opt_in', 'sms_opt_out', 'ads_opt_out', 'unsubscribed_at'
] -%}
select
    account_id,
    email,
    phone,
    first_name,
    last_name,
    street,
    house_number,
    address_2,
    city,
    full_postal_code as postal_code,
    card_number,
    merged_ids,
    merged_into_id,
    settled_unsubscribed_at as unsubscribed_at,
    settled_email_opt_in as email_opt_in,
    settled_email_opt_out as email_opt_out,
    settled_newsletter_opt_in as newsletter_opt_in,
    settled_sms_opt_in as sms_opt_in,
    settled_sms_opt_out as sms_opt_out,
    settled_ads_opt_out as ads_opt_out,
    created_at,
    {{ birth_digits('birth_date') }} as birth_digits,
    {{ birth_date('birth_date') }} as birth_date,
    iso_region as region,
    iso_country as country_code,
    unknown_country,
    unknown_region,
    coalesce(updated_at, created_at) as updated_at
from {{ with_places(
    latest_version('accounts', ['account_id'], event_at='created_at', latest_by='updated_at', decisions=decisions),
    has_address=true
) }}
