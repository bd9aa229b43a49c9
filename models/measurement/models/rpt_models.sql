-- One row per version of a model and build that tried it: its training data, its test, the decision and why.
select
    registry.model_code,
    registry.version,
    registry.method,
    registry.variant,
    registry.place,
    registry.status,
    registry.why,
    registry.why_due,
    registry.horizon_days,
    registry.cutoff_at,
    registry.tested_at,
    registry.training_rows,
    registry.training_positives,
    registry.tested_customers,
    registry.auc,
    registry.pr_auc,
    registry.brier,
    registry.ece,
    registry.lift_10pc,
    registry.spearman,
    registry.mae,
    registry.capture_10pc,
    registry.ratio_of_totals,
    registry.ranks_well,
    registry.predicts_well,
    registry.features_hash,
    registry.data_hash,
    registry.seed,
    registry.library,
    registry.decided_at,
    registry.build_id,
    models.label,
    registry.status = 'champion' and champions.version is not null as is_scoring
from {{ ref('model_registry') }} as registry
inner join {{ ref('prediction_models') }} as models on registry.model_code = models.model_code
left join {{ ref('int_champions') }} as champions
    on registry.model_code = champions.model_code and registry.version = champions.version
