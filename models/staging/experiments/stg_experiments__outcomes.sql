-- One row per experiment, unit, outcome and time at which it was measured.
select
    experiment_code,
    unit_id,
    outcome_name,
    value,
    before_value,
    observed_at,
    outcome_id
from {{ latest_version(
    'experiment_outcomes',
    ['experiment_code', 'unit_id', 'outcome_name', 'observed_at', 'outcome_id'],
    event_at='observed_at'
) }}
