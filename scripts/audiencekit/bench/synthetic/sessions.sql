-- One row per visit, about six per customer. Three in ten are by strangers who never log in.
with

visitors as (

    select person_id as visitor_id, account_id, cast(browsing * 1000000 as bigint) as weight, 0.7 as share
    from people
    where chance(person_id, 19) < 0.75
    union all
    select range, null, cast(exp(0.9 * bell(range, 16)) * 1000000 as bigint), 0.3
    from range(
        cast(getvariable('customers') as bigint) + 1,
        cast(getvariable('customers') * 17 // 10 as bigint) + 1
    )

),

quotas as (

    select
        *,
        cast(round(share * weight * 6 * getvariable('customers') / sum(weight) over (partition by share)) as bigint)
            as sessions
    from visitors

),

numbered as (

    select visitor_id, account_id, visitor_id * 10000 + unnest(range(least(sessions, 9999))) as session_number
    from quotas

)

select
    session_number,
    -- Half of the visits lie within the last 90 of 365 days.
    ago(3600 + 86400 * 364 * power(chance(session_number, 50), 2)) as started_at,
    least(1 + cast(floor(-7.5 * ln(1 - chance(session_number, 51))) as bigint), 120) as events,
    case when chance(session_number, 52) < 0.4 then account_id end as account_id,
    'd' || to_hex(hash(
        -- One person in fifty browses on the device of the next one.
        (visitor_id + case when chance(visitor_id, 53) < 0.02 then 1 else 0 end) * 4
        + case when chance(session_number, 54) < 0.7 then 0 else 1 end
    )) as anonymous_id
from numbered
