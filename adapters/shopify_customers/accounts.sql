-- One row per customer account.
select
    row_number,
    customer_id as account_id,
    email,
    coalesce(phone, default_address_phone) as phone,
    first_name,
    last_name,
    default_address_address1 as street,
    default_address_address2 as address_2,
    default_address_city as city,
    default_address_province_code as region,
    default_address_zip as postal_code,
    default_address_country_code as country_code,
    accepts_email_marketing as email_opt_in,
    accepts_sms_marketing as sms_opt_in
from customers
