-- One row per customer and channel that needs permission: may we address them there, and if not, why. What a
-- person decided for one channel counts there before what they decided for all.
with

asked as (

    select
        channels.channel,
        channels.needs_own_yes,
        purposes.purpose
    from {{ ref('dim_channels') }} as channels
    inner join (select distinct purpose from {{ ref('consent_defaults') }}) as purposes
        on channels.purposes like '%"' || purposes.purpose || '"%'

),

judged as (

    select
        general.customer_key,
        asked.channel,
        asked.purpose,
        coalesce(special.basis, general.basis) as basis,
        coalesce(special.is_allowed, general.is_allowed)
        and (coalesce(special.basis, general.basis) = 'granted' or not asked.needs_own_yes) as is_allowed
    from asked
    inner join {{ ref('dim_consent') }} as general
        on asked.purpose = general.purpose and general.channel = 'all'
    left join {{ ref('dim_consent') }} as special
        on
            general.customer_key = special.customer_key
            and general.purpose = special.purpose
            and asked.channel = special.channel

)

select
    cast(customer_key as string) as customer_key,
    cast(channel as string) as channel,
    cast(count(*) filter (where not is_allowed) = 0 as boolean) as is_allowed,
    cast(min(purpose || ': ' || basis) filter (where not is_allowed) as string) as refused_because,
    cast(case
        when count(*) filter (where basis in ('withdrawn', 'denied')) > 0 then 'consent_withdrawn'
        when count(*) filter (where basis = 'expired') > 0 then 'consent_expired'
        when count(*) filter (where not is_allowed) > 0 then 'no_consent'
    end as string) as refusal
from judged
group by customer_key, channel
