-- One row per e-mail, with the details that its last order was billed to.
with

buyers as (

    select *, lower(coalesce(customer_email, billing_email)) as email, number_of(order_id) as number
    from orders

)

select
    max(row_number) as row_number,
    email as contact_id,
    email,
    max_by(coalesce(customer_phone, billing_phone), number) as phone,
    max_by(billing_first_name, number) as first_name,
    max_by(billing_last_name, number) as last_name,
    max_by(billing_street_1, number) as street,
    max_by(billing_street_2, number) as address_2,
    max_by(billing_suburb, number) as city,
    max_by(billing_state, number) as region,
    max_by(billing_zip, number) as postal_code,
    max_by(billing_country, number) as country_code
from buyers
where email is not null
group by email
