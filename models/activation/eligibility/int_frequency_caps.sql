-- One row per customer and channel where they have reached the frequency cap for their engagement, or as many messages
-- as they ask for. They receive no more messages there until the window has passed.
with

touches as (

    select
        customer_key,
        'email' as channel,
        {{ micros_between('occurred_at', as_of()) }} as age_micros
    from {{ ref('fct_email_events') }}
    where event_name = 'sent'
    union all
    select
        customer_key,
        channel,
        {{ micros_between('touched_at', as_of()) }}
    from {{ ref('fct_touches') }}
    where touch_name in ('mailed', 'shown') and channel is not null

),

-- The cap with the highest minimum engagement that the customer reaches. Unknown engagement counts as 0.
caps_by_engagement as (

    select
        profile.customer_key,
        caps.channel,
        caps.maximum_touches,
        caps.window_days
    from {{ ref('frequency_caps') }} as caps
    inner join {{ ref('customer_360') }} as profile
        on coalesce(profile.engagement_score, 0) >= caps.minimum_engagement
    qualify row_number() over (
        partition by profile.customer_key, caps.channel order by caps.minimum_engagement desc
    ) = 1

),

caps as (

    select customer_key, channel, maximum_touches, window_days from caps_by_engagement
    union all
    select customer_key, channel, 1, window_days from {{ ref('int_frequency_limits') }}

),

reached as (

    select
        caps.customer_key,
        caps.channel,
        count(*) as touches,
        caps.maximum_touches,
        caps.window_days
    from caps
    inner join touches on caps.customer_key = touches.customer_key and caps.channel = touches.channel
    where touches.age_micros > 0 and touches.age_micros <= caps.window_days * 86400000000
    group by caps.customer_key, caps.channel, caps.maximum_touches, caps.window_days
    having count(*) >= caps.maximum_touches

)

-- Of two that are reached, the one with the longer window.
select
    customer_key,
    channel,
    touches,
    maximum_touches,
    window_days
from reached
qualify row_number() over (partition by customer_key, channel order by window_days desc, maximum_touches) = 1
