-- One row per version this build tried: what it learnt from, how it did on its test, and what was decided. Publishing
-- appends these rows to the registry, and nothing ever rewrites them.
with

verdicts as (

    select model_code, version, 0 as place, verdict, why from {{ ref('int_classifier_verdicts') }}
    union all
    select model_code, version, 0, verdict, why from {{ ref('int_lifetime_verdicts') }}
    union all
    -- Nothing comes after that clusters could be tested on: they must hold together when redrawn.
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
    cast(fits.model_code as string) as model_code,
    cast(fits.version as string) as version,
    cast(fits.method as string) as method,
    cast(fits.variant as string) as variant,
    cast(fits.place as bigint) as place,
    cast(case
        when fits.place = 0 then verdicts.verdict
        when fits.status = 'fitted' then 'back-test'
        else fits.status
    end as string) as status,
    cast(coalesce(verdicts.why, fits.why) as string) as why,
    cast(plan.why_due as string) as why_due,
    cast(fits.horizon_days as bigint) as horizon_days,
    cast(fits.cutoff_at as timestamp) as cutoff_at,
    cast(fits.tested_at as timestamp) as tested_at,
    cast(fits.rows as bigint) as training_rows,
    cast(fits.positives as bigint) as training_positives,
    cast(coalesce(metrics.customers, lifetime.customers) as bigint) as tested_customers,
    cast(metrics.auc as double) as auc,
    cast(metrics.pr_auc as double) as pr_auc,
    cast(metrics.brier as double) as brier,
    cast(metrics.ece as double) as ece,
    cast(metrics.lift_10pc as double) as lift_10pc,
    cast(lifetime.spearman as double) as spearman,
    cast(lifetime.mae_usd as double) as mae_usd,
    cast(lifetime.capture_10pc as double) as capture_10pc,
    cast(lifetime.ratio_of_totals as double) as ratio_of_totals,
    cast({{ model_features_hash('plan.method') }} as string) as features_hash,
    cast(fits.data_hash as string) as data_hash,
    cast(fits.seed as bigint) as seed,
    cast(fits.library as string) as library,
    cast({{ as_of() }} as timestamp) as decided_at,
    cast('{{ var("build_id") }}' as string) as build_id
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
