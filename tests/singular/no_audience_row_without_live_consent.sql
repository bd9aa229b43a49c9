-- Law: whoever is addressed on a channel allows, as of now, every purpose the channel needs. Checked from
-- the decisions themselves, not from the tables that activation uses.
with

needed as (

    select distinct
        addressed.channel,
        addressed.customer_key,
        purposes.purpose,
        channels.needs_own_yes
    from {{ ref('int_audience_rows') }} as addressed
    inner join {{ ref('dim_channels') }} as channels on addressed.channel = channels.channel
    inner join (select distinct purpose from {{ ref('consent_defaults') }}) as purposes
        on channels.purposes like '%"' || purposes.purpose || '"%'

),

spoken as (

    select
        needed.*,
        decisions.status = 'granted' and (decisions.expires_at is null or decisions.expires_at > {{ as_of() }})
            as is_live_grant,
        decisions.decided_at,
        max(decisions.decided_at) over (
            partition by needed.channel, needed.customer_key, needed.purpose
        ) as last_decided_at
    from needed
    left join {{ ref('fct_consent') }} as decisions
        on
            needed.customer_key = decisions.customer_key
            and needed.purpose = decisions.purpose
            and coalesce(decisions.channel, needed.channel) = needed.channel

)

select distinct
    spoken.channel,
    spoken.customer_key,
    spoken.purpose
from spoken
left join {{ ref('dim_consent') }} as consent
    on
        spoken.customer_key = consent.customer_key and spoken.purpose = consent.purpose and consent.channel = 'all'
left join {{ ref('consent_defaults') }} as defaults
    on consent.jurisdiction = defaults.jurisdiction and spoken.purpose = defaults.purpose
where
    (spoken.decided_at = spoken.last_decided_at and not spoken.is_live_grant)
    or (spoken.decided_at is null and (spoken.needs_own_yes or not coalesce(defaults.is_allowed, false)))
