-- One row per experiment and arm, as it was planned.
select
    experiment_code,
    arm,
    role,
    expected_share
from {{ latest_version('experiment_arms', ['experiment_code', 'arm']) }}
