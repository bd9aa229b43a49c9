-- One row per customer. Stripe has one field for a name.
with

customer_rows as (

    select
        *,
        -- The address of the bill, else that of the parcel.
        coalesce(
            case when json_extract_string(try_cast(address as json), '$.line1') is not null then address end,
            cast(json_extract(try_cast(shipping as json), '$.address') as varchar),
            address
        ) as own_address
    from customer_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

)

select
    row_number,
    id as account_id,
    email,
    coalesce(phone, json_extract_string(try_cast(shipping as json), '$.phone')) as phone,
    words_before_last(name) as first_name,
    last_word(name) as last_name,
    json_extract_string(try_cast(own_address as json), '$.line1') as street,
    json_extract_string(try_cast(own_address as json), '$.line2') as address_2,
    json_extract_string(try_cast(own_address as json), '$.city') as city,
    json_extract_string(try_cast(own_address as json), '$.state') as region,
    json_extract_string(try_cast(own_address as json), '$.postal_code') as postal_code,
    coalesce(
        json_extract_string(try_cast(address as json), '$.country'),
        json_extract_string(try_cast(own_address as json), '$.country')
    ) as country_code,
    created as created_at
from customer_rows
where not coalesce(is_yes(is_deleted), false) and coalesce(is_yes(livemode), true)
