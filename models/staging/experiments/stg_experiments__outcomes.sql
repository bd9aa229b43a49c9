-- One row per experiment, unit, outcome and moment it was measured.
select
    experiment_code,
    unit_id,
    outcome_name,
    value,
    before_value,
    observed_at
from {{ latest_version(
    'experiment_outcomes', ['experiment_code', 'unit_id', 'outcome_name', 'observed_at'], event_at='observed_at'
) }}
