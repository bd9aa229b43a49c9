-- One row per customer and channel where they have had as many messages lately as somebody of their engagement
-- is sent: they rest there until the window has passed.
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

-- The cap with the highest engagement that a customer reaches; unknown engagement is none.
caps as (

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

)

select
    cast(caps.customer_key as string) as customer_key,
    cast(caps.channel as string) as channel,
    cast(count(*) as bigint) as touches,
    cast(caps.maximum_touches as bigint) as maximum_touches,
    cast(caps.window_days as bigint) as window_days
from caps
inner join touches on caps.customer_key = touches.customer_key and caps.channel = touches.channel
where touches.age_micros > 0 and touches.age_micros <= caps.window_days * 86400000000
group by caps.customer_key, caps.channel, caps.maximum_touches, caps.window_days
having count(*) >= caps.maximum_touches
