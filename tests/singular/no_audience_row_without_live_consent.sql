-- Law: every customer addressed on a channel allows, as of now, every purpose the channel needs. It is checked from the
-- decisions themselves, not from the tables that activation uses.
with

needed as (

    select distinct
        addressed.channel,
        addressed.customer_key,
        purposes.purpose,
        channels.needs_explicit_consent
    from {{ ref('int_audience_rows') }} as addressed
    inner join {{ ref('dim_channels') }} as channels on addressed.channel = channels.channel
    inner join (select distinct purpose from {{ ref('consent_defaults') }}) as purposes
        on channels.purposes like '%"' || purposes.purpose || '"%'

),

spoken as (

    select
        needed.*,
        decisions.linked_group,
        decisions.decided_at,
        decisions.status <> 'granted' as is_refusal,
        decisions.status = 'granted' and coalesce(decisions.expires_at > {{ as_of() }}, true) as is_live_grant,
        max(decisions.decided_at) over (
            partition by needed.channel, needed.customer_key, needed.purpose, decisions.linked_group
        ) as last_word_at,
        -- Through their own action, whichever of their records it is about.
        max(case when decisions.linked_group is null then decisions.decided_at end) over (
            partition by needed.channel, needed.customer_key, needed.purpose
        ) as last_action_at
    from needed
    inner join {{ ref('fct_consent') }} as decisions
        on needed.customer_key = decisions.customer_key and needed.purpose = decisions.purpose
    where coalesce(decisions.channel, needed.channel) = needed.channel

),

-- Records that identifiers link (one linked_group) count as one: their latest decisions decide. Of several at the same
-- moment, one refusal is enough to refuse, and all must be live grants to allow.
last_words as (

    select
        channel,
        customer_key,
        purpose,
        linked_group,
        bool_or(is_refusal or coalesce(last_action_at >= last_word_at, false)) as is_refusal,
        bool_and(is_live_grant) as is_live_grant
    from spoken
    where decided_at = last_word_at
    group by channel, customer_key, purpose, linked_group

),

silent as (

    select needed.*
    from needed
    left join spoken
        on
            needed.channel = spoken.channel
            and needed.customer_key = spoken.customer_key
            and needed.purpose = spoken.purpose
    where spoken.customer_key is null

)

select
    channel,
    customer_key,
    purpose
from last_words
group by channel, customer_key, purpose
having
    coalesce(bool_or(case when linked_group is not null then is_refusal end), true)
    or not coalesce(bool_or(case when linked_group is not null then is_live_grant end), false)
union
select
    silent.channel,
    silent.customer_key,
    silent.purpose
from silent
left join {{ ref('dim_consent') }} as consent
    on silent.customer_key = consent.customer_key and silent.purpose = consent.purpose and consent.channel = 'all'
left join {{ ref('consent_defaults') }} as defaults
    on consent.jurisdiction = defaults.jurisdiction and silent.purpose = defaults.purpose
where silent.needs_explicit_consent or not coalesce(defaults.is_allowed, false)
