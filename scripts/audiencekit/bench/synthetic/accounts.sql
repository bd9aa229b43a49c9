select
    account_id,
    email,
    case when chance(person_id, 25) < 0.3 then phone end as phone,
    first_name,
    last_name,
    cast(null as varchar) as birth_date,
    street,
    house_number,
    cast(null as varchar) as address_2,
    cast(null as varchar) as city,
    region,
    postal_code,
    country_code,
    case when chance(person_id, 26) < 0.5 then card_number end as card_number,
    ago(86400 * joined_days_ago) as created_at,
    ago(86400 * joined_days_ago * chance(person_id, 27)) as updated_at
from people
where account_id is not null
