-- One row per customer. Guests have no login, so the e-mail identifies everyone.
select
    row_number,
    coalesce(lower(email), username) as contact_id,
    email,
    coalesce(billing_phone, shipping_phone) as phone,
    first_word(name) as first_name,
    other_words(name) as last_name,
    city,
    region,
    postal_code,
    country as country_code,
    sign_up as created_at
from customers
where email is not null or username is not null
