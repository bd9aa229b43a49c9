-- One row per version and build that tried it: what it learnt from, how it did on its test, what was decided and why.
select
    cast(registry.model_code as string) as model_code,
    cast(registry.version as string) as version,
    cast(registry.method as string) as method,
    cast(registry.variant as string) as variant,
    cast(registry.place as bigint) as place,
    cast(registry.status as string) as status,
    cast(registry.why as string) as why,
    cast(registry.why_due as string) as why_due,
    cast(registry.horizon_days as bigint) as horizon_days,
    cast(registry.cutoff_at as timestamp) as cutoff_at,
    cast(registry.tested_at as timestamp) as tested_at,
    cast(registry.training_rows as bigint) as training_rows,
    cast(registry.training_positives as bigint) as training_positives,
    cast(registry.tested_customers as bigint) as tested_customers,
    cast(registry.auc as double) as auc,
    cast(registry.pr_auc as double) as pr_auc,
    cast(registry.brier as double) as brier,
    cast(registry.ece as double) as ece,
    cast(registry.lift_10pc as double) as lift_10pc,
    cast(registry.spearman as double) as spearman,
    cast(registry.mae_usd as double) as mae_usd,
    cast(registry.capture_10pc as double) as capture_10pc,
    cast(registry.ratio_of_totals as double) as ratio_of_totals,
    cast(registry.features_hash as string) as features_hash,
    cast(registry.data_hash as string) as data_hash,
    cast(registry.seed as bigint) as seed,
    cast(registry.library as string) as library,
    cast(registry.decided_at as timestamp) as decided_at,
    cast(registry.build_id as string) as build_id,
    cast(models.label as string) as label,
    cast(registry.status = 'champion' and champions.version is not null as boolean) as is_scoring
from {{ ref('model_registry') }} as registry
inner join {{ ref('prediction_models') }} as models on registry.model_code = models.model_code
left join {{ ref('int_champions') }} as champions
    on registry.model_code = champions.model_code and registry.version = champions.version
