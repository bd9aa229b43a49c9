-- One row per web event: half a minute apart within a session, logged in from the third event on or not at all.
with

numbered as (

    select *, unnest(range(events)) as place from sessions

),

drawn as (

    select *, session_number * 128 + place as event_number from numbered

),

named as (

    select
        *,
        chance(event_number, 60) as act,
        in_time(started_at + to_seconds(place * 27 + cast(floor(25 * chance(event_number, 61)) as bigint))) as occurred_at
    from drawn

)

select
    'e' || to_hex(hash(event_number)) as event_id,
    occurred_at,
    case
        when place = 2 and account_id is not null then 'login'
        when act < 0.50 then 'page_view'
        when act < 0.85 then 'product_view'
        when act < 0.92 then 'search'
        when act < 0.97 then 'add_to_cart'
        when act < 0.975 then 'remove_from_cart'
        when act < 0.99 then 'checkout'
        else 'purchase'
    end as event_name,
    anonymous_id,
    case when place >= 2 then account_id end as account_id,
    case when act >= 0.50 and act < 0.85 or act >= 0.92 and act < 0.975
        then 'p' || printf('%06d', zipf(getvariable('products'), chance(event_number, 62)))
    end as product_id,
    cast(null as varchar) as order_id,
    cast(null as varchar) as page,
    cast(null as varchar) as referrer,
    cast(null as varchar) as utm_source,
    cast(null as varchar) as utm_medium,
    cast(null as varchar) as utm_campaign,
    pick(['mobile', 'mobile', 'desktop', 'tablet'], chance(event_number // 48, 64)) as device_type,
    cast(null as varchar) as country_code,
    cast(null as double) as seconds,
    cast(null as varchar) as properties,
    case when chance(event_number // 48, 63) < 0.03 then 'gpc' end as privacy_signal
from named
