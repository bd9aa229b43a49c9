-- One row per segment with members who were e-mailed: which share of those has never opened or clicked anything, the
-- largest first.
with

readers as (

    select
        customer_key,
        count(*) filter (where event_name in ('opened', 'clicked')) as opens
    from {{ ref('fct_email_events') }}
    where customer_key is not null
    group by customer_key

)

select
    membership.segment_code,
    count(*) as members_mailed,
    count(*) filter (where readers.opens = 0) as members_who_never_opened,
    count(*) filter (where readers.opens = 0) / cast(count(*) as double) as share_who_never_opened
from {{ ref('segment_membership') }} as membership
inner join readers on membership.customer_key = readers.customer_key
group by membership.segment_code
order by share_who_never_opened desc, membership.segment_code
