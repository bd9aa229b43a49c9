-- One row per classifier version tested in this build, test and group of people: how well it told who would.
select
    cast(metrics.model_code as string) as model_code,
    cast(metrics.version as string) as version,
    cast(coalesce(fits.method, incumbents.method) as string) as method,
    cast(coalesce(fits.variant, fits.method, 'champion so far') as string) as variant,
    cast(metrics.tested_at as timestamp) as tested_at,
    cast(metrics.people as string) as people,
    {% for metric in ['mean_probability', 'auc', 'pr_auc', 'brier', 'ece', 'lift_10pc'] %}
    cast(metrics.{{ metric }} as double) as {{ metric }},
    {% endfor %}
    cast(metrics.customers as bigint) as customers,
    cast(metrics.positives as bigint) as positives
from {{ ref('int_classifier_metrics') }} as metrics
left join {{ ref('int_fits') }} as fits
    on
        metrics.model_code = fits.model_code and metrics.version = fits.version
        and metrics.tested_at = fits.tested_at
left join {{ ref('int_incumbents') }} as incumbents
    on metrics.model_code = incumbents.model_code and metrics.version = incumbents.version
