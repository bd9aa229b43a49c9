-- One row per shop login.
select
    account_id,
    email,
    phone,
    first_name,
    last_name,
    card_number,
    created_at,
    upper(country_code) as country_code,
    coalesce(updated_at, created_at) as updated_at
from {{ latest_version('accounts', ['account_id'], event_at='created_at', latest_by='updated_at') }}
