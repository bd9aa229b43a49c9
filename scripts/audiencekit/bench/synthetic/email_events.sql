-- One row per e-mail event, about four per customer: messages of a year to six in ten people, and their events.
with

sends as (

    select person_id, email, person_id * 16 + unnest(range(1 + cast(floor(chance(person_id, 70) * 4.4) as bigint))) as send
    from people
    where email is not null and chance(person_id, 71) < 0.62

),

kinds (event_name, salt, share, delay_seconds) as (

    values
    ('sent', 1, 1.0, 0), ('delivered', 2, 0.97, 40), ('bounced', 2, -1.0, 40), ('opened', 3, 0.35, 40000),
    ('clicked', 4, 0.06, 50000), ('unsubscribed', 5, 0.004, 60000), ('complained', 6, 0.0005, 60000)

),

happened as (

    select
        sends.*,
        kinds.event_name,
        kinds.salt,
        ago(86400 * 364 * power(chance(sends.send, 72), 1.5)) + to_seconds(cast(kinds.delay_seconds as bigint)) as occurred_at
    from sends
    cross join kinds
    where
        chance(sends.send * 8 + kinds.salt, 73) < kinds.share
        or (kinds.event_name = 'bounced' and chance(sends.send * 8 + kinds.salt, 73) >= 0.985)

)

select
    printf('m%012d%s', send, event_name[1:2]) as event_id,
    occurred_at,
    event_name,
    email,
    'k' || (1 + cast(floor(chance(send, 74) * 24) as integer)) as campaign_id,
    cast(null as varchar) as machine
from happened
where occurred_at < getvariable('as_of')
