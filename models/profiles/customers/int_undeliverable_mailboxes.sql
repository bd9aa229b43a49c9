-- One row per mailbox that mail does not reach: the last delivery event of its addresses is a bounce. It says nothing
-- about other addresses of the same person, and a later delivery, open or click lifts it.
with

events as (

    select
        {{ mailbox('coalesce(points.contact_point, points.doubtful_point)') }} as mailbox,
        events.event_name,
        events.occurred_at
    from {{ ref('stg_email__events') }} as events
    inner join {{ ref('int_contact_points') }} as points on points.kind = 'email' and events.email = points.raw_value
    where events.event_name in ('bounced', 'delivered', 'opened', 'clicked')

)

select mailbox
from events
where mailbox is not null
group by mailbox
having
    max(occurred_at) filter (where event_name = 'bounced')
    > coalesce(max(occurred_at) filter (where event_name <> 'bounced'), cast('1970-01-01' as timestamp))
