-- One row per topic that consent events name and seeds/topics.csv does not list, with how many decisions there are. A
-- refusal counts for every topic, a grant for none. Names of fewer than five decisions are counted together, for they
-- may be personal.
with

decisions as (

    select
        case
            when count(*) over (partition by events.topic) >= 5 and length(events.topic) <= 60 then events.topic
        end as topic,
        events.status in ('denied', 'withdrawn') as is_refusal
    from {{ ref('stg_consent__events') }} as events
    left join {{ ref('topics') }} as topics on events.topic = topics.topic
    where events.topic is not null and topics.topic is null

)

select
    topic,
    count(*) as decisions,
    count(case when is_refusal then 1 end) as refusals
from decisions
group by topic
