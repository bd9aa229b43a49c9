-- One row per e-mail, with the details that its last order was billed to.
select
    max(row_number) as row_number,
    lower(email_billing) as contact_id,
    lower(email_billing) as email,
    max_by(phone_billing, row_number) as phone,
    max_by(first_name_billing, row_number) as first_name,
    max_by(last_name_billing, row_number) as last_name,
    max_by(address_1_2_billing, row_number) as street,
    max_by(city_billing, row_number) as city,
    max_by(state_code_billing, row_number) as region,
    max_by(postcode_billing, row_number) as postal_code,
    max_by(country_code_billing, row_number) as country_code
from lines
where email_billing is not null
group by lower(email_billing)
