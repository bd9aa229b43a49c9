-- One row per name of a web event that seeds/event_kinds.csv does not have, with how many there are. They count as
-- engagement. Names of fewer than five events are counted together, for they may be personal.
with

events as (

    select
        case
            when count(*) over (partition by event_name) >= 5 and length(event_name) <= 60 then event_name
        end as event_name,
        occurred_at
    from {{ ref('stg_web__events') }}
    where not is_known_event

)

select
    event_name,
    count(*) as events,
    max(occurred_at) as last_at
from events
group by event_name
