-- One row per channel and segment for it: from members to the people a platform will match, and whether the audience
-- can be used.
with

segments as (

    select
        segments.*,
        segment_channels.channel,
        reported.status as segment_status
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('segment_channels') }} as segment_channels
        on segments.segment_code = segment_channels.segment_code
    inner join {{ ref('rpt_segments') }} as reported on segments.segment_code = reported.segment_code

),

stale as (

    select
        needs.segment_code,
        replace(translate({{ json_text_array('tables.table_name') }}, '[]"', ''), ',', ', ') as table_names
    from {{ ref('segment_needs') }} as needs
    inner join {{ ref('stg_landing__tables') }} as tables on needs.landing_table = tables.table_name
    where tables.is_present and tables.is_stale
    group by needs.segment_code

),

joined as (

    select
        segments.channel,
        segments.segment_code,
        segments.audience_code,
        segments.label,
        segments.owner,
        segments.segment_status,
        channels.minimum_size,
        coalesce(funnel.members, 0) as members,
        coalesce(funnel.refused, 0) as refused,
        coalesce(funnel.held_out, 0) as held_out,
        coalesce(funnel.suppressed, 0) as suppressed,
        coalesce(funnel.addressed, 0) as addressed,
        coalesce(funnel.reachable, 0) as reachable,
        coalesce(own_rate.match_rate, channel_rate.match_rate) as measured_match_rate,
        coalesce(own_rate.measured_at, channel_rate.measured_at) as measured_at,
        -- A measured rate is worth more than an assumed one.
        coalesce(
            funnel.reachable * coalesce(own_rate.match_rate, channel_rate.match_rate), funnel.assumed_matches, 0
        ) as expected_matches,
        stale.table_names as stale_tables
    from segments
    inner join {{ ref('dim_channels') }} as channels on segments.channel = channels.channel
    left join {{ ref('int_audience_funnel') }} as funnel
        on segments.channel = funnel.channel and segments.segment_code = funnel.segment_code
    left join stale on segments.segment_code = stale.segment_code
    left join {{ ref('int_match_rates') }} as own_rate
        on segments.channel = own_rate.channel and segments.audience_code = own_rate.audience_code
    left join {{ ref('int_match_rates') }} as channel_rate
        on segments.channel = channel_rate.channel and channel_rate.audience_code = 'all'

),

judged as (

    select
        *,
        case
            when reachable = 0 then 'blocked'
            when expected_matches < minimum_size or segment_status = 'too small' then 'too small'
            when stale_tables is not null then 'stale'
            else 'ready'
        end as status
    from joined

)

select
    channel,
    segment_code,
    audience_code,
    label,
    owner,
    members,
    refused,
    held_out,
    suppressed,
    addressed,
    reachable,
    expected_matches / nullif(reachable, 0) as expected_match_rate,
    cast(round(expected_matches) as bigint) as expected_matches,
    measured_match_rate,
    measured_at,
    minimum_size,
    status,
    case
        when status = 'ready' then 'can be used'
        when status = 'stale' then 'the newest rows are old: ' || stale_tables
        when members = 0 then segment_status
        when addressed = 0 and refused = members then 'no member allows this channel'
        when addressed = 0 then 'every member refuses, is held out or is suppressed'
        when reachable = 0 then 'no addressed member has an identifier that this channel takes'
        when expected_matches < minimum_size
            then
                'about ' || cast(cast(round(expected_matches) as bigint) as string)
                || ' expected matches, the platform needs ' || cast(minimum_size as string)
        else 'fewer members than the minimum share of the segment'
    end as why
from judged
