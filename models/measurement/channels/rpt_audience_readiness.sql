-- One row per channel and segment for it: from members to the people a platform will know, and whether the audience
-- can be used.
with

candidates as (

    select
        channel,
        segment_code,
        count(*) as members,
        count(*) filter (
            where left_out_because in ('no_consent', 'consent_withdrawn', 'consent_expired')
        ) as refused,
        count(*) filter (where left_out_because = 'holdout') as held_out,
        count(*) filter (where left_out_because in ('inactive', 'excluded', 'cap', 'other_segment')) as resting,
        count(*) filter (where left_out_because is null) as addressed
    from {{ ref('int_audience_candidates') }}
    group by channel, segment_code

),

reachable_people as (

    select distinct channel, customer_key from {{ ref('int_audience_rows') }}

),

reach as (

    select
        members.channel,
        members.segment_code,
        count(*) as reachable,
        -- As a decimal: no sum depends on the order of rows.
        cast(sum(cast(coalesce(rates.match_rate, 1) as decimal(18, 4))) as double) as expected_matches
    from {{ ref('int_audience_members') }} as members
    inner join reachable_people
        on members.channel = reachable_people.channel and members.customer_key = reachable_people.customer_key
    inner join {{ ref('dim_customers') }} as customers on members.customer_key = customers.customer_key
    left join {{ ref('match_rates') }} as rates
        on
            members.channel = rates.channel
            and (customers.email is not null) = rates.has_email
            and (customers.phone is not null) = rates.has_phone
    group by members.channel, members.segment_code

),

landing as (

    select
        segments.segment_code,
        replace(translate({{ json_text_array('tables.table_name') }}, '[]"', ''), ',', ', ') as table_names,
        tables.is_present
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('stg_landing__tables') }} as tables on segments.needs like '%"' || tables.table_name || '"%'
    where tables.is_stale or not tables.is_present
    group by segments.segment_code, tables.is_present

),

joined as (

    select
        channels.channel,
        channels.minimum_size,
        channels.needs_permission,
        segments.segment_code,
        segments.audience_code,
        segments.label,
        segments.owner,
        segments.minimum_share,
        coalesce(candidates.members, 0) as members,
        coalesce(candidates.refused, 0) as refused,
        coalesce(candidates.held_out, 0) as held_out,
        coalesce(candidates.resting, 0) as resting,
        coalesce(candidates.addressed, 0) as addressed,
        coalesce(reach.reachable, 0) as reachable,
        coalesce(own_rate.match_rate, channel_rate.match_rate) as measured_match_rate,
        coalesce(own_rate.measured_at, channel_rate.measured_at) as measured_at,
        coalesce(
            reach.reachable * coalesce(own_rate.match_rate, channel_rate.match_rate), reach.expected_matches, 0
        ) as expected_matches,
        reported.status as segment_status,
        stale.table_names as stale_tables
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('dim_channels') }} as channels on segments.channels like '%"' || channels.channel || '"%'
    inner join {{ ref('rpt_segments') }} as reported on segments.segment_code = reported.segment_code
    left join candidates
        on channels.channel = candidates.channel and segments.segment_code = candidates.segment_code
    left join reach on channels.channel = reach.channel and segments.segment_code = reach.segment_code
    left join landing as stale on segments.segment_code = stale.segment_code and stale.is_present
    left join {{ ref('int_match_rates') }} as own_rate
        on channels.channel = own_rate.channel and segments.audience_code = own_rate.audience_code
    left join {{ ref('int_match_rates') }} as channel_rate
        on channels.channel = channel_rate.channel and channel_rate.audience_code = 'all'

),

judged as (

    select
        *,
        case
            when members = 0 then 'blocked'
            when reachable = 0 then 'blocked'
            when expected_matches < minimum_size or segment_status = 'too small' then 'too small'
            when stale_tables is not null then 'stale'
            else 'ready'
        end as status
    from joined

)

select
    cast(channel as string) as channel,
    cast(segment_code as string) as segment_code,
    cast(audience_code as string) as audience_code,
    cast(label as string) as label,
    cast(owner as string) as owner,
    cast(members as bigint) as members,
    cast(refused as bigint) as refused,
    cast(held_out as bigint) as held_out,
    cast(resting as bigint) as resting,
    cast(addressed as bigint) as addressed,
    cast(reachable as bigint) as reachable,
    cast(expected_matches / nullif(reachable, 0) as double) as expected_match_rate,
    cast(round(expected_matches) as bigint) as expected_matches,
    cast(measured_match_rate as double) as measured_match_rate,
    cast(measured_at as timestamp) as measured_at,
    cast(minimum_size as bigint) as minimum_size,
    cast(status as string) as status,
    cast(case
        when status = 'ready' then 'can be used'
        when status = 'stale' then 'the newest rows are old: ' || stale_tables
        when members = 0 then segment_status
        when addressed = 0 and refused = members then 'nobody in it allows it'
        when addressed = 0 then 'everybody in it refuses, is held out or rests'
        when reachable = 0 then 'nobody addressed has what the channel needs to find them'
        when expected_matches < minimum_size
            then
                'about ' || cast(cast(round(expected_matches) as bigint) as string) || ' people to be matched, '
                || cast(minimum_size as string) || ' are asked for'
        else 'fewer members than the segment itself asks for'
    end as string) as why
from judged
