-- One row per move from one RFM family to another: how many customers made it, in the history of all builds. A first
-- family follows none.
with

changes as (

    select
        customer_key,
        segment_code,
        action,
        changed_at
    from {{ ref('segment_history') }}
    where segment_code like 'rfm!_%' escape '!'

),

departures as (

    select customer_key, changed_at, segment_code
    from changes
    where action = 'left'

),

arrivals as (

    select customer_key, changed_at, segment_code
    from changes
    where action = 'entered'

)

select
    departures.segment_code as from_segment_code,
    arrivals.segment_code as to_segment_code,
    count(*) as moves,
    count(distinct arrivals.customer_key) as customers
from arrivals
left join departures
    on arrivals.customer_key = departures.customer_key and arrivals.changed_at = departures.changed_at
group by departures.segment_code, arrivals.segment_code
order by moves desc, from_segment_code, to_segment_code
