-- One row per segment and finding about its size: an anomaly, too small, or unchanged for long.
with

segments as (

    select
        segments.segment_code,
        segments.kind,
        segments.minimum_share,
        sizes.members,
        sizes.share,
        sizes.status
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('rpt_segments') }} as sizes on segments.segment_code = sizes.segment_code

),

newest_sizes as (

    select * from {{ ref('rpt_segment_sizes') }}
    qualify row_number() over (partition by segment_code order by moment_at desc) = 1

),

last_changes as (

    select segment_code, max(moment_at) as changed_at
    from {{ ref('rpt_segment_sizes') }}
    where entered + departed > 0
    group by segment_code

)

select
    segment_code,
    1 as severity,
    'size anomaly' as finding,
    'from ' || cast(members - entered + departed as string) || ' to ' || cast(members as string)
    || ' members in one build, unlike the builds before it' as explanation
from newest_sizes
where is_anomaly

union all
select
    segment_code,
    5 as severity,
    'prune' as finding,
    'has ' || cast(members as string) || ' members, less than its minimum share of '
    || cast(100 * minimum_share as string) || ' % of customers' as explanation
from segments
where status = 'too small'

union all
select
    segments.segment_code,
    8 as severity,
    'stale' as finding,
    'no customer has entered or left since ' || cast(cast(last_changes.changed_at as date) as string) as explanation
from segments
inner join last_changes on segments.segment_code = last_changes.segment_code
where
    segments.kind = 'dynamic'
    and segments.members > 0
    and {{ elapsed('day', 'last_changes.changed_at', as_of()) }} >= 90
