-- One row per version, place and build that tried it, over all published builds and this one.
{% set columns = [
    'model_code', 'version', 'method', 'variant', 'place', 'status', 'why', 'why_due', 'horizon_days', 'cutoff_at',
    'tested_at', 'training_rows', 'training_positives', 'tested_customers', 'auc', 'pr_auc', 'brier', 'ece',
    'lift_10pc', 'spearman', 'mae', 'capture_10pc', 'ratio_of_totals', 'ranks_well', 'predicts_well', 'features_hash',
    'data_hash', 'seed', 'library', 'decided_at', 'build_id'
] %}
select {{ columns | join(', ') }}
from {{ all_builds('model_trials', 'model_trials', columns) }} as trials
where decided_at <= {{ as_of() }}
