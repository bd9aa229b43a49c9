-- One row per consent event, about three per customer: a decision on some of six purposes, and a later withdrawal of
-- one in ten. One newsletter in five is about one topic, one e-mail consent in ten limits how often.
with

purposes (purpose, place) as (

    values
    ('newsletter', 0), ('email_marketing', 1), ('sms_marketing', 2), ('ad_user_data', 3),
    ('ad_personalization', 4), ('web_personalization', 5)

),

asked as (

    select people.*, purposes.purpose, people.person_id * 8 + purposes.place as decision
    from people
    cross join purposes
    where chance(people.person_id * 8 + purposes.place, 90) < 0.45

),

decided as (

    select
        *,
        unnest(case when chance(decision, 91) < 0.1 then [0, 1] else [0] end) as change,
        86400 * joined_days_ago * chance(decision, 92) as seconds_ago
    from asked

)

select
    printf('s%012d%d', decision, change) as consent_event_id,
    case
        when email is not null and chance(decision, 93) < 0.75 then 'email'
        when account_id is not null then 'account_id'
        else 'contact_id'
    end as id_type,
    case
        when email is not null and chance(decision, 93) < 0.75 then email
        else coalesce(account_id, contact_id)
    end as id_value,
    purpose,
    case
        when change = 1 then 'withdrawn'
        when chance(decision, 94) < 0.8 then 'granted'
        else 'denied'
    end as status,
    ago(seconds_ago * (1 - 0.5 * change)) as decided_at,
    case when chance(decision, 95) < 0.05 then ago(seconds_ago) + interval 730 day end as expires_at,
    cast(null as varchar) as jurisdiction,
    cast(null as varchar) as channel,
    case
        when purpose = 'newsletter' and chance(decision, 97) < 0.2
            then pick(['new_products', 'offers', 'tips'], chance(decision, 98))
    end as topic,
    case when purpose = 'email_marketing' and chance(decision, 99) < 0.1 then 7 end as at_most_every_days,
    pick(['signup form', 'checkout', 'preference centre'], chance(decision, 96)) as consent_source,
    printf('proof-%d', decision) as proof
from decided
