-- One row per CRM contact.
select
    contact_id,
    email,
    phone,
    first_name,
    last_name,
    birth_date,
    city,
    postal_code,
    account_id,
    card_number,
    age_band,
    income_band,
    household_size,
    kids_count,
    created_at,
    upper(region) as region,
    upper(country_code) as country_code,
    coalesce(updated_at, created_at) as updated_at
from {{ latest_version('contacts', ['contact_id'], event_at='created_at', latest_by='updated_at') }}
