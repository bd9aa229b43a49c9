-- One row per customer.
select
    row_number,
    id as account_id,
    email,
    phone,
    first_word(name) as first_name,
    other_words(name) as last_name,
    address_line1 as street,
    address_line2 as address_2,
    address_city as city,
    address_state as region,
    address_postal_code as postal_code,
    address_country as country_code,
    created_utc as created_at
from customers
where not coalesce(is_yes(deleted), false)
