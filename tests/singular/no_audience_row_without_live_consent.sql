-- Law: whoever is addressed on a channel allows, as of now, every purpose the channel needs. Checked from
-- the decisions themselves, not from the tables that activation uses.
with

addressed as (

    select channel, customer_key from {{ ref('audience_rows') }}

),

last_word as (

    select
        customer_key,
        purpose,
        max(decided_at) as decided_at
    from {{ ref('int_consent_decisions') }}
    group by customer_key, purpose

),

refusals as (

    select
        decisions.customer_key,
        decisions.purpose
    from {{ ref('int_consent_decisions') }} as decisions
    inner join last_word
        on
            decisions.customer_key = last_word.customer_key
            and decisions.purpose = last_word.purpose
            and decisions.decided_at = last_word.decided_at
    where decisions.status <> 'granted'

),

grants as (

    select
        decisions.customer_key,
        decisions.purpose
    from {{ ref('int_consent_decisions') }} as decisions
    inner join last_word
        on
            decisions.customer_key = last_word.customer_key
            and decisions.purpose = last_word.purpose
            and decisions.decided_at = last_word.decided_at
    where
        decisions.status = 'granted'
        and (decisions.expires_at is null or decisions.expires_at > {{ as_of() }})

)

select
    addressed.channel,
    addressed.customer_key,
    purposes.purpose
from addressed
inner join {{ ref('dim_channels') }} as channels on addressed.channel = channels.channel
inner join (select distinct purpose from {{ ref('consent_defaults') }}) as purposes
    on channels.purposes like '%"' || purposes.purpose || '"%'
left join grants
    on addressed.customer_key = grants.customer_key and purposes.purpose = grants.purpose
left join refusals
    on addressed.customer_key = refusals.customer_key and purposes.purpose = refusals.purpose
left join last_word
    on addressed.customer_key = last_word.customer_key and purposes.purpose = last_word.purpose
left join {{ ref('dim_consent') }} as consent
    on addressed.customer_key = consent.customer_key and purposes.purpose = consent.purpose
left join {{ ref('consent_defaults') }} as defaults
    on consent.jurisdiction = defaults.jurisdiction and purposes.purpose = defaults.purpose
where
    refusals.customer_key is not null
    or (last_word.customer_key is not null and grants.customer_key is null)
    or (last_word.customer_key is null and (channels.needs_own_yes or not coalesce(defaults.is_allowed, false)))
