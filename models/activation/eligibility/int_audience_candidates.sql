-- One row per channel, segment for it and member: addressed there, or left out and why. The law comes first, then
-- what an experiment asks for, then what we think wise; of an exclusive group one segment addresses a person.
with

members as (

    select
        channels.channel,
        channels.picks_by,
        channels.needs_permission,
        membership.segment_code,
        membership.customer_key,
        membership.entered_at,
        segments.priority,
        segments.exclusive_group
    from {{ ref('segment_membership') }} as membership
    inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
    inner join {{ ref('dim_channels') }} as channels on segments.channels like '%"' || channels.channel || '"%'

),

suppressed as (

    select segment_code, customer_key, min(reason) as reason
    from {{ ref('segment_suppressions') }}
    group by segment_code, customer_key

),

judged as (

    select
        members.*,
        case
            -- A channel whose permissions nobody worked out has nobody's.
            when members.needs_permission and not coalesce(permissions.is_allowed, false)
                then coalesce(permissions.refusal, 'no_consent')
            when holdouts.customer_key is not null then 'holdout'
            when suppressed.reason is not null then suppressed.reason
            when caps.customer_key is not null then 'cap'
        end as left_out_because
    from members
    left join {{ ref('int_channel_permissions') }} as permissions
        on members.customer_key = permissions.customer_key and members.channel = permissions.channel
    left join {{ ref('int_holdouts') }} as holdouts
        on members.segment_code = holdouts.segment_code and members.customer_key = holdouts.customer_key
    left join suppressed
        on members.segment_code = suppressed.segment_code and members.customer_key = suppressed.customer_key
    left join {{ ref('int_frequency_caps') }} as caps
        on members.customer_key = caps.customer_key and members.channel = caps.channel

),

outdone as (

    select
        judged.channel,
        judged.segment_code,
        judged.customer_key
    from judged
    left join {{ ref('int_member_relevance') }} as relevances
        on judged.segment_code = relevances.segment_code and judged.customer_key = relevances.customer_key
    where
        judged.left_out_because is null
        and judged.exclusive_group <> ''
        and judged.picks_by <> 'all'
    qualify row_number() over (
        partition by judged.channel, judged.exclusive_group, judged.customer_key
        order by
            case when judged.picks_by = 'relevance' then relevances.relevance end desc nulls last,
            judged.priority,
            judged.segment_code
    ) > 1

)

select
    cast(judged.channel as string) as channel,
    cast(judged.segment_code as string) as segment_code,
    cast(judged.customer_key as string) as customer_key,
    cast(judged.entered_at as timestamp) as entered_at,
    cast(coalesce(
        judged.left_out_because, case when outdone.customer_key is not null then 'other_segment' end
    ) as string) as left_out_because
from judged
left join outdone
    on
        judged.channel = outdone.channel
        and judged.segment_code = outdone.segment_code
        and judged.customer_key = outdone.customer_key
