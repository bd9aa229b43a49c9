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
    postal_code,
    card_number,
    created_at,
    {{ birth_digits('birth_date') }} as birth_digits,
    {{ birth_date('birth_date') }} as birth_date,
    upper(region) as region,
    upper(country_code) as country_code,
    coalesce(updated_at, created_at) as updated_at
from {{ latest_version('accounts', ['account_id'], event_at='created_at', latest_by='updated_at') }}
