-- One row per primary segment and preferred order channel, of all there can be: the cells of what is shared with
-- outsiders. Every customer is in one cell, and counts in it with at most share_spend_bound_usd. Small cells tell on
-- people: this table stays here, and `audiencekit share` lets out what may be let out.
with

customers as (

    select
        coalesce(primaries.primary_segment, 'none') as primary_segment,
        coalesce(profiles.preferred_order_channel, 'unknown') as order_channel,
        profiles.orders_30d,
        least(greatest(coalesce(profiles.spend_30d_usd, 0), 0), {{ var('share_spend_bound_usd') }}) as spend_usd
    from {{ ref('customer_360') }} as profiles
    left join {{ ref('customer_segments') }} as primaries on profiles.customer_key = primaries.customer_key

),

-- The cells are the same whoever is there, for which cells exist would tell on people, too.
segments as (

    select segment_code from {{ ref('dim_segments') }}
    union all
    select 'none' as segment_code

),

channels as (

    select 'store' as order_channel
    union all
    select 'online' as order_channel
    union all
    select 'unknown' as order_channel

)

select
    cast(segments.segment_code as string) as primary_segment,
    cast(channels.order_channel as string) as order_channel,
    cast(count(customers.primary_segment) as bigint) as customers,
    cast(count(case when customers.orders_30d > 0 then 1 end) as bigint) as buyers_30d,
    -- Whole dollars, each customer's rounded, so that the noise can be whole as well.
    cast(coalesce(sum(cast(round(customers.spend_usd, 0) as bigint)), 0) as bigint) as spend_30d_usd
from segments
cross join channels
left join customers
    on segments.segment_code = customers.primary_segment and channels.order_channel = customers.order_channel
group by segments.segment_code, channels.order_channel
