-- One row per primary segment and preferred order channel, of all possible ones: the cells behind the figures that
-- `audiencekit share` shares with outsiders. Every customer is in one cell, with at most share_spend_bound of
-- spend. Small cells reveal people, so this table is never published.
with

customers as (

    select
        coalesce(primaries.primary_segment, 'none') as primary_segment,
        coalesce(profiles.preferred_order_channel, 'unknown') as order_channel,
        profiles.orders_30d,
        least(greatest(coalesce(profiles.spend_30d, 0), 0), {{ var('share_spend_bound') }}) as spend
    from {{ ref('customer_360') }} as profiles
    left join {{ ref('customer_segments') }} as primaries on profiles.customer_key = primaries.customer_key

),

-- All segments have cells, with or without customers: which cells exist would reveal people, too.
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
    segments.segment_code as primary_segment,
    channels.order_channel,
    count(customers.primary_segment) as customers,
    count(case when customers.orders_30d > 0 then 1 end) as buyers_30d,
    -- Each customer's spend in whole dollars, so that the noise can be in whole dollars as well.
    cast(coalesce(sum(cast(round(customers.spend, 0) as bigint)), 0) as bigint) as spend_30d
from segments
cross join channels
left join customers
    on segments.segment_code = customers.primary_segment and channels.order_channel = customers.order_channel
group by segments.segment_code, channels.order_channel
