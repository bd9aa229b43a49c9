-- One row per ticket of one person in twenty with an e-mail address; one in ten of them is open.
select
    printf('t%012d', person_id) as service_contact_id,
    ago(86400 * 364 * chance(person_id, 90)) as opened_at,
    pick(['email', 'chat', 'phone'], chance(person_id, 91)) as contact_channel,
    case when chance(person_id, 92) < 0.1 then 'open' else 'closed' end as status,
    cast(null as timestamp) as closed_at,
    case when chance(person_id, 92) >= 0.1 then round(chance(person_id, 93), 2) end as satisfaction,
    pick(['delivery', 'return', 'product'], chance(person_id, 94)) as topic,
    cast(null as varchar) as account_id,
    cast(null as varchar) as contact_id,
    email,
    cast(null as varchar) as phone,
    cast(null as timestamp) as updated_at
from people
where email is not null and chance(person_id, 95) < 0.05
