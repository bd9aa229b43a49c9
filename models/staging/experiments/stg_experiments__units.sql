-- One row per experiment, unit and arm that the unit was assigned to.
select
    experiment_code,
    unit_id,
    arm,
    assigned_at,
    stratum
from {{ latest_version('experiment_units', ['experiment_code', 'unit_id', 'arm'], event_at='assigned_at') }}
