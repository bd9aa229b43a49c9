-- One row per customer and channel that needs permission: whether they may be addressed there, and if not, why.
-- A decision about one channel takes precedence there over a decision about all channels.
with

required as (

    select
        channel_purposes.channel,
        channel_purposes.purpose,
        channels.needs_explicit_consent
    from {{ ref('channel_purposes') }} as channel_purposes
    inner join {{ ref('dim_channels') }} as channels on channel_purposes.channel = channels.channel

),

decisions as (

    select
        general.customer_key,
        required.channel,
        required.purpose,
        coalesce(special.basis, general.basis) as basis,
        coalesce(special.is_allowed, general.is_allowed)
        and (coalesce(special.basis, general.basis) = 'granted' or not required.needs_explicit_consent) as is_allowed
    from required
    inner join {{ ref('dim_consent') }} as general
        on required.purpose = general.purpose and general.channel = 'all'
    left join {{ ref('dim_consent') }} as special
        on
            general.customer_key = special.customer_key
            and general.purpose = special.purpose
            and required.channel = special.channel

)

select
    customer_key,
    channel,
    count(*) filter (where not is_allowed) = 0 as is_allowed,
    min(purpose || ': ' || basis) filter (where not is_allowed) as refused_because,
    case
        when count(*) filter (where basis in ('withdrawn', 'denied')) > 0 then 'consent_withdrawn'
        when count(*) filter (where basis = 'expired') > 0 then 'consent_expired'
        when count(*) filter (where not is_allowed) > 0 then 'no_consent'
    end as refusal
from decisions
group by customer_key, channel
