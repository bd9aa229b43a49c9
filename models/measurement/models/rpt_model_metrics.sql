-- One row per back-test of this build and group of people: the quality of its predictions. Empty if none was trained.
select
    metrics.model_code,
    metrics.version,
    fits.method,
    coalesce(fits.variant, fits.method) as variant,
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
inner join {{ ref('int_fits') }} as fits
    on
        metrics.model_code = fits.model_code and metrics.version = fits.version
        and metrics.tested_at = fits.tested_at
