-- One row per shop login (account).
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
    {{ postal_code('latest.postal_code') }} as postal_code,
    card_number,
    unsubscribed_at,
    email_opt_in,
    email_opt_out,
    newsletter_opt_in,
    sms_opt_in,
    sms_opt_out,
    ads_opt_out,
    created_at,
    {{ birth_digits('birth_date') }} as birth_digits,
    {{ birth_date('birth_date') }} as birth_date,
    {{ region_code('latest.region') }} as region,
    {{ country_code(has_region=true) }} as country_code,
    case when {{ country_code(has_region=true) }} is null then latest.country_code end as unknown_country,
    case when {{ country_code(has_region=true) }} in ('US', 'CA', 'AU') and regions.region_code is null then latest.region end
        as unknown_region,
    coalesce(updated_at, created_at) as updated_at
from {{ latest_version('accounts', ['account_id'], event_at='created_at', latest_by='updated_at') }}
{{ join_places('latest.region') }}
