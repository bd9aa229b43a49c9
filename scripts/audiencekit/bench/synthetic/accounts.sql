select
    account_id,
    email,
    case when chance(person_id, 25) < 0.3 then phone end as phone,
    first_name,
    last_name,
    country_code,
    case when chance(person_id, 26) < 0.5 then card_number end as card_number,
    ago(86400 * joined_days_ago) as created_at,
    ago(86400 * joined_days_ago * chance(person_id, 27)) as updated_at
from people
where account_id is not null
