-- One row per segment and thing about it that its owner should look at, gravest first.
with

segments as (

    select segments.*, sizes.members, sizes.share, sizes.status
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('rpt_segments') }} as sizes on segments.segment_code = sizes.segment_code

),

newest as (

    select * from {{ ref('rpt_segment_sizes') }}
    qualify row_number() over (partition by segment_code order by moment_at desc) = 1

),

moved as (

    select segment_code, min(moment_at) as first_at, max(case when entered + departed > 0 then moment_at end) as last_at
    from {{ ref('rpt_segment_sizes') }}
    group by segment_code

),

findings as (

    select
        segment_code,
        1 as gravity,
        'size anomaly' as finding,
        'from ' || cast(members - entered + departed as string) || ' to ' || cast(members as string)
        || ' members in one build, which is unlike the 28 before it' as explanation
    from newest
    where is_anomaly

    union all
    select
        segments.segment_code,
        2 as gravity,
        'does harm' as finding,
        lift.outcome_name || ' is lower where it is addressed than where it is held out, beyond chance' as explanation
    from {{ ref('rpt_experiment_lift') }} as lift
    inner join segments on lift.experiment_code = segments.holdout_experiment
    -- This is looked at in every build.
    where lift.stratum is null and lift.always_valid_high < 0

    union all
    select
        segments.segment_code,
        3 as gravity,
        'drift' as finding,
        segments.needs_model || ' has learnt from other customers than there are now: ' || drifted.items
        || ' moved, PSI up to ' || cast(cast(drifted.psi as decimal(6, 2)) as string) as explanation
    from segments
    inner join (
        select
            model_code,
            replace(translate({{ json_text_array('item') }}, '[]"', ''), ',', ', ') as items,
            max(psi) as psi
        from {{ ref('rpt_model_drift') }}
        where status = 'alarm'
        group by model_code
    ) as drifted
        on segments.needs_model = drifted.model_code

    union all
    select
        segments.segment_code,
        4 as gravity,
        'no effect' as finding,
        'what addressing it changes in ' || lift.outcome_name || ' is less than a tenth, and may be nothing'
            as explanation
    from {{ ref('rpt_experiment_lift') }} as lift
    inner join segments on lift.experiment_code = segments.holdout_experiment
    where
        lift.stratum is null
        and coalesce(lift.cuped_low, lift.lift_low) <= 0
        and coalesce(lift.cuped_high, lift.lift_high) < 0.1 * lift.control_mean
        and lift.always_valid_high >= 0

    union all
    select
        segment_code,
        5 as gravity,
        'prune' as finding,
        'holds ' || cast(members as string) || ' customers, less than the ' || cast(100 * minimum_share as string)
        || ' % it asks for' as explanation
    from segments
    where status = 'too small'

    union all
    select
        pairs.segment_code,
        6 as gravity,
        'merge' as finding,
        'is nearly the same people as ' || pairs.other_segment_code || ' (Jaccard '
        || cast(cast(pairs.jaccard as decimal(4, 2)) as string) || ')' as explanation
    from (
        select segment_code, other_segment_code, jaccard from {{ ref('segment_overlap') }}
        union all
        select other_segment_code, segment_code, jaccard from {{ ref('segment_overlap') }}
    ) as pairs
    where pairs.jaccard >= 0.8

    union all
    select
        segment_code,
        7 as gravity,
        'vague' as finding,
        'holds ' || cast(cast(100 * share as decimal(5, 1)) as string) || ' % of all customers: a message for everybody'
            as explanation
    from segments
    where share >= 0.6

    union all
    select
        segments.segment_code,
        8 as gravity,
        'stale' as finding,
        'nobody has entered or left since ' || cast(cast(moved.last_at as date) as string) as explanation
    from segments
    inner join moved on segments.segment_code = moved.segment_code
    where
        segments.kind = 'dynamic'
        and segments.members > 0
        and {{ elapsed('day', 'moved.last_at', as_of()) }} >= 90

)

select
    cast(findings.segment_code as string) as segment_code,
    cast(segments.owner as string) as owner,
    cast(findings.gravity as bigint) as gravity,
    cast(findings.finding as string) as finding,
    cast(findings.explanation as string) as explanation
from findings
inner join segments on findings.segment_code = segments.segment_code
