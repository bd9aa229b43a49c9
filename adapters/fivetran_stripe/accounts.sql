-- One row per customer. Stripe has one field for a name.
with

customer_rows as (

    select * from customers
    where id is not null
    qualify row_number() over (partition by id order by loaded_at desc nulls last, row_number desc) = 1

)

select
    row_number,
    id as account_id,
    email,
    phone,
    words_before_last(name) as first_name,
    last_word(name) as last_name,
    coalesce(address_line_1, shipping_address_line_1) as street,
    case when address_line_1 is not null then address_line_2 else shipping_address_line_2 end as address_2,
    case when address_line_1 is not null then address_city else shipping_address_city end as city,
    case when address_line_1 is not null then address_state else shipping_address_state end as region,
    case when address_line_1 is not null then address_postal_code else shipping_address_postal_code end as postal_code,
    coalesce(address_country, shipping_address_country) as country_code,
    created as created_at
from customer_rows
where not coalesce(is_yes(is_deleted), false) and coalesce(is_yes(livemode), true)
