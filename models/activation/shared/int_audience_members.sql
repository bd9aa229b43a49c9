-- One row per channel, segment and customer who may be addressed there: in the segment, the segment is for
-- the channel, consent allows it, and nothing suppresses it. Whether they can be reached is the channel's to say.
select
    cast(channels.channel as string) as channel,
    cast(membership.segment_code as string) as segment_code,
    cast(membership.customer_key as string) as customer_key,
    cast(membership.entered_at as timestamp) as entered_at,
    cast(segments.audience_code as string) as audience_code,
    cast(segments.priority as bigint) as priority
from {{ ref('segment_membership') }} as membership
inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
inner join {{ ref('dim_channels') }} as channels
    on segments.channels like '%"' || channels.channel || '"%'
left join {{ ref('int_channel_permissions') }} as permissions
    on membership.customer_key = permissions.customer_key and channels.channel = permissions.channel
left join {{ ref('segment_suppressions') }} as suppressions
    on
        membership.segment_code = suppressions.segment_code
        and membership.customer_key = suppressions.customer_key
where
    suppressions.customer_key is null
    -- A channel whose purposes nobody wrote down has no permissions, and so nobody.
    and coalesce(permissions.is_allowed, not channels.needs_permission)
