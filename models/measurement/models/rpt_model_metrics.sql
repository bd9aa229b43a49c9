-- One row per classifier version tested in this build, test and group of people: the quality of its predictions.
select
    metrics.model_code,
    metrics.version,
    coalesce(fits.method, incumbents.method) as method,
    coalesce(fits.variant, fits.method, 'champion so far') as variant,
    metrics.tested_at,
    metrics.people,
    metrics.mean_probability,
    metrics.auc,
    metrics.pr_auc,
    metrics.brier,
    metrics.ece,
    metrics.lift_10pc,
    metrics.customers,
    cast(metrics.positives as bigint) as positives
from {{ ref('int_classifier_metrics') }} as metrics
left join {{ ref('int_fits') }} as fits
    on
        metrics.model_code = fits.model_code and metrics.version = fits.version
        and metrics.tested_at = fits.tested_at
left join {{ ref('int_incumbents') }} as incumbents
    on metrics.model_code = incumbents.model_code and metrics.version = incumbents.version
