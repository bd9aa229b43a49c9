-- One row per channel, segment that lists the channel, and member of the segment, with the first reason of their own
-- why they may not be addressed there, if any. Reasons are checked in this order: consent, topic, holdout,
-- suppression, cap. A build assigns every member of a segment with a holdout. Between two builds, those who have
-- entered since have no arm yet: a simple draw is known at once, and one within strata is left to the next build.
with

members as (

    select
        channels.channel,
        channels.picks_by,
        channels.needs_permission,
        membership.segment_code,
        membership.customer_key,
        membership.entered_at,
        segments.topic,
        segments.priority,
        segments.exclusive_group,
        segments.picks_channel_by,
        segments.holdout_experiment,
        segments.holdout_stratum,
        segments.holdout_share,
        segments.holdout_salt
    from {{ ref('segment_membership') }} as membership
    inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
    inner join {{ ref('segment_channels') }} as segment_channels
        on membership.segment_code = segment_channels.segment_code
    inner join {{ ref('dim_channels') }} as channels on segment_channels.channel = channels.channel

),

-- Of two reasons the first by name counts: excluded before inactive.
suppressed as (

    select segment_code, customer_key, min(reason) as reason
    from {{ ref('segment_suppressions') }}
    group by segment_code, customer_key

)

select
    members.channel,
    members.picks_by,
    members.needs_permission,
    members.segment_code,
    members.customer_key,
    members.entered_at,
    members.priority,
    members.exclusive_group,
    members.picks_channel_by,
    case
        -- Without a row of permissions, nobody may be addressed.
        when members.needs_permission and not coalesce(permissions.is_allowed, false)
            then coalesce(permissions.refusal, 'no_consent')
        when topics.customer_key is not null then 'topic_refused'
        when assignments.arm = 'holdout' then 'holdout'
        when
            assignments.arm is null
            and members.holdout_stratum = ''
            and {{ holdout_draw('members.holdout_salt', 'members.customer_key') }} < members.holdout_share
            then 'holdout'
        when assignments.arm is null and members.holdout_stratum <> '' then 'not_assigned'
        when suppressed.reason is not null then suppressed.reason
        when caps.customer_key is not null then 'cap'
    end as left_out_because
from members
left join {{ ref('int_channel_permissions') }} as permissions
    on members.customer_key = permissions.customer_key and members.channel = permissions.channel
left join {{ ref('int_topic_refusals') }} as topics
    on
        members.customer_key = topics.customer_key
        and members.channel = topics.channel
        and members.topic = topics.topic
left join {{ ref('int_assigned_customers') }} as assignments
    on members.holdout_experiment = assignments.experiment_code and members.customer_key = assignments.customer_key
left join suppressed
    on members.segment_code = suppressed.segment_code and members.customer_key = suppressed.customer_key
left join {{ ref('int_frequency_caps') }} as caps
    on members.customer_key = caps.customer_key and members.channel = caps.channel
