-- One row per slot of a channel and segment that lists the channel, and one for the fallback: the message that is in
-- use, or none.
with

owners as (

    select channel, segment_code
    from {{ ref('segment_channels') }}
    union all
    select distinct channel, null as segment_code
    from {{ ref('message_slots') }}

),

in_use as (

    select
        messages.channel,
        messages.slot,
        messages.segment_code,
        messages.message_code,
        reported.customers
    from {{ ref('dim_messages') }} as messages
    inner join {{ ref('rpt_messages') }} as reported on messages.message_code = reported.message_code
    where messages.is_first

)

select
    owners.channel,
    slots.slot,
    owners.segment_code,
    in_use.message_code,
    coalesce(in_use.customers, 0) as customers
from owners
inner join {{ ref('message_slots') }} as slots on owners.channel = slots.channel
left join in_use
    on
        owners.channel = in_use.channel
        and slots.slot = in_use.slot
        and coalesce(owners.segment_code, '') = coalesce(in_use.segment_code, '')
