-- One row per channel, customer addressed there, and slot for which there is a message: the message they get.
with

messages as (

    select *
    from {{ ref('dim_messages') }}
    where is_first

),

members as (

    select
        channel,
        segment_code,
        customer_key,
        {{ segment_precedence('priority', 'segment_code') }} as precedence
    from {{ ref('int_audience_members') }}

),

-- A segment without a message for the slot gives way to the next one.
of_segments as (

    select
        members.channel,
        members.customer_key,
        messages.slot,
        min_by(messages.message_code, members.precedence) as message_code,
        min_by(members.segment_code, members.precedence) as segment_code
    from members
    inner join messages on members.channel = messages.channel and members.segment_code = messages.segment_code
    group by members.channel, members.customer_key, messages.slot

),

fallbacks as (

    select
        addressed.channel,
        addressed.customer_key,
        messages.slot,
        messages.message_code
    from (select distinct channel, customer_key from members) as addressed
    inner join messages on addressed.channel = messages.channel and messages.segment_code is null

)

select
    coalesce(of_segments.channel, fallbacks.channel) as channel,
    coalesce(of_segments.customer_key, fallbacks.customer_key) as customer_key,
    coalesce(of_segments.slot, fallbacks.slot) as slot,
    coalesce(of_segments.message_code, fallbacks.message_code) as message_code,
    of_segments.segment_code
from of_segments
full outer join fallbacks
    on
        of_segments.channel = fallbacks.channel
        and of_segments.customer_key = fallbacks.customer_key
        and of_segments.slot = fallbacks.slot
