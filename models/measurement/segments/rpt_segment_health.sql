-- One row per segment and finding that its owner should look at; severity 1 is the most severe.
with

segments as (

    select segment_code, owner, needs_model, holdout_experiment
    from {{ ref('dim_segments') }}

),

lifts as (

    select segments.segment_code, lift.*
    from {{ ref('rpt_experiment_lift') }} as lift
    inner join segments on lift.experiment_code = segments.holdout_experiment
    where lift.stratum is null

),

drifted_models as (

    select
        model_code,
        replace(translate({{ json_text_array('item') }}, '[]"', ''), ',', ', ') as items,
        max(psi) as psi
    from {{ ref('rpt_model_drift') }}
    where status = 'alarm'
    group by model_code

),

pairs as (

    select segment_code, other_segment_code, jaccard from {{ ref('segment_overlap') }}
    union all
    select other_segment_code, segment_code, jaccard from {{ ref('segment_overlap') }}

),

findings as (

    select segment_code, severity, finding, explanation
    from {{ ref('int_segment_size_findings') }}

    union all
    select
        segment_code,
        2 as severity,
        'does harm' as finding,
        outcome_name || ' is lower for addressed members than for held-out members, beyond chance' as explanation
    from lifts
    where verdict = 'lower'

    union all
    select
        segments.segment_code,
        3 as severity,
        'drift' as finding,
        segments.needs_model || ' was trained on customers who differ from those of today: ' || drifted_models.items
        || ' moved, PSI up to ' || cast(cast(drifted_models.psi as decimal(6, 2)) as string) as explanation
    from segments
    inner join drifted_models on segments.needs_model = drifted_models.model_code

    union all
    select
        segment_code,
        4 as severity,
        'no effect' as finding,
        'addressing it changes ' || outcome_name || ' by less than a tenth, and perhaps not at all' as explanation
    from lifts
    where verdict = 'unclear' and always_valid_high < 0.1 * control_mean

    union all
    select
        segment_code,
        case when finding = 'nobody' then 5 else 7 end as severity,
        case when finding = 'nobody' then 'empty' else 'vague' end as finding,
        explanation
    from {{ ref('rpt_segment_fit') }}
    -- Segments with the same customers follow, from a lower Jaccard on.
    where finding <> 'same customers'

    union all
    select
        segment_code,
        6 as severity,
        'merge' as finding,
        'has nearly the same members as ' || other_segment_code || ' (Jaccard '
        || cast(cast(jaccard as decimal(4, 2)) as string) || ')' as explanation
    from pairs
    where jaccard >= 0.8

)

select
    findings.segment_code,
    segments.owner,
    cast(findings.severity as bigint) as severity,
    findings.finding,
    findings.explanation
from findings
inner join segments on findings.segment_code = segments.segment_code
