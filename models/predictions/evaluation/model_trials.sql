-- One row per version that this build tried: what it was trained on, how it did on its test, and the decision.
-- Publishing appends these rows to the registry, and nothing ever changes them.
with

verdicts as (

    select model_code, version, 0 as place, verdict, why from {{ ref('int_classifier_verdicts') }}
    union all
    select model_code, version, 0, verdict, why from {{ ref('int_lifetime_verdicts') }}
    union all
    -- Clusters have no outcome to be tested on. They must come back when customers are drawn again.
    select
        fits.model_code,
        fits.version,
        0,
        case
            when fits.status <> 'fitted' then fits.status
            when fits.is_stable or incumbents.version is null then 'champion'
            else 'rejected'
        end,
        fits.why
    from {{ ref('int_fits') }} as fits
    left join {{ ref('int_incumbents') }} as incumbents on fits.model_code = incumbents.model_code
    where fits.kind = 'clusters'

)

select
    fits.model_code,
    fits.version,
    fits.method,
    fits.variant,
    fits.place,
    case
        when fits.place = 0 then verdicts.verdict
        when fits.status = 'fitted' then 'back-test'
        else fits.status
    end as status,
    coalesce(verdicts.why, fits.why) as why,
    plan.why_due,
    fits.horizon_days,
    fits.cutoff_at,
    fits.tested_at,
    fits.rows as training_rows,
    fits.positives as training_positives,
    coalesce(metrics.customers, lifetime.customers) as tested_customers,
    metrics.auc,
    metrics.pr_auc,
    metrics.brier,
    metrics.ece,
    metrics.lift_10pc,
    lifetime.spearman,
    lifetime.mae,
    lifetime.capture_10pc,
    lifetime.ratio_of_totals,
    {{ model_features_hash('plan.method') }} as features_hash,
    fits.data_hash,
    fits.seed,
    fits.library,
    {{ as_of() }} as decided_at,
    '{{ var("build_id") }}' as build_id
from {{ ref('int_fits') }} as fits
inner join {{ ref('int_training_plan') }} as plan
    on fits.model_code = plan.model_code and fits.place = plan.place
left join verdicts
    on fits.model_code = verdicts.model_code and fits.version = verdicts.version and fits.place = verdicts.place
left join {{ ref('int_classifier_metrics') }} as metrics
    on
        fits.model_code = metrics.model_code and fits.version = metrics.version
        and fits.tested_at = metrics.tested_at and metrics.people = 'everybody'
left join {{ ref('int_lifetime_metrics') }} as lifetime
    on
        fits.model_code = lifetime.model_code and fits.version = lifetime.version
        and fits.tested_at = lifetime.tested_at
