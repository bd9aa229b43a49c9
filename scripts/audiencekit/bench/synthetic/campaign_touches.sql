-- One row per campaign touch: two per customer, over 24 promotions of ten days, one a month.
with

touches as (

    select *, person_id * 4 + unnest([0, 1]) as touch from people

),

drawn as (

    select
        *,
        1 + cast(floor(chance(touch, 80) * 24) as integer) as campaign,
        chance(touch, 81) as act
    from touches

),

dated as (

    select *, cast(getvariable('as_of') as date) - 30 * campaign + 18 as starts_on from drawn

)

select
    printf('t%012d', touch) as touch_id,
    starts_on + to_seconds(cast(floor(chance(touch, 82) * 864000) as bigint)) as touched_at,
    'k' || campaign as campaign_id,
    case when act < 0.6 then 'mailed' when act < 0.85 then 'shown' when act < 0.97 then 'clicked' else 'redeemed' end
        as touch_name,
    case when act < 0.6 then 'email' else 'meta' end as channel,
    'Promotion ' || campaign as campaign_name,
    starts_on as campaign_starts_on,
    starts_on + 10 as campaign_ends_on,
    case when card_number is not null then 'card_number' when email is not null then 'email' else 'contact_id' end
        as id_type,
    coalesce(card_number, email, contact_id) as id_value
from dated
