-- One row per customer and channel that needs permission: may we address them there, and if not, why.
with

judged as (

    select
        consent.customer_key,
        channels.channel,
        consent.purpose,
        consent.basis,
        consent.is_allowed and (consent.basis = 'granted' or not channels.needs_own_yes) as is_allowed
    from {{ ref('dim_channels') }} as channels
    inner join {{ ref('dim_consent') }} as consent on channels.purposes like '%"' || consent.purpose || '"%'

)

select
    cast(customer_key as string) as customer_key,
    cast(channel as string) as channel,
    cast(count(*) filter (where not is_allowed) = 0 as boolean) as is_allowed,
    cast(min(purpose || ': ' || basis) filter (where not is_allowed) as string) as refused_because
from judged
group by customer_key, channel
