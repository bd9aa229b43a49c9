-- One row per message: whether it may be used now, whether it is used, and how many customers get it.
with

members as (

    select
        channel,
        segment_code,
        customer_key
    from {{ ref('int_audience_members') }}

),

addressed as (

    select
        channel,
        segment_code,
        count(*) as customers
    from members
    group by channel, segment_code
    union all
    -- The fallback is for everybody who is addressed on the channel.
    select
        channel,
        null as segment_code,
        count(distinct customer_key) as customers
    from members
    group by channel

),

-- A channel drops customers whom it has no address or login of.
reached as (

    select
        shown.message_code,
        count(*) as customers
    from {{ ref('int_customer_messages') }} as shown
    inner join (select distinct channel, customer_key from {{ ref('int_audience_rows') }}) as audiences
        on shown.channel = audiences.channel and shown.customer_key = audiences.customer_key
    group by shown.message_code

)

select
    messages.message_code,
    messages.segment_code,
    messages.channel,
    messages.slot,
    messages.headline,
    messages.body,
    messages.offer_code,
    messages.tone,
    messages.priority,
    messages.valid_from,
    messages.valid_until,
    case
        when messages.valid_until <= {{ as_of() }} then 'expired'
        when valid_now.message_code is null then 'not yet valid'
        when not valid_now.is_first then 'outranked'
        when reached.customers > 0 then 'shown'
        else 'shown to nobody'
    end as status,
    coalesce(addressed.customers, 0) as addressed,
    coalesce(reached.customers, 0) as customers
from {{ ref('messages') }} as messages
left join {{ ref('dim_messages') }} as valid_now on messages.message_code = valid_now.message_code
left join addressed
    on
        messages.channel = addressed.channel
        and coalesce(messages.segment_code, '') = coalesce(addressed.segment_code, '')
left join reached on messages.message_code = reached.message_code
