select 'synthetic_offer' as experiment_code, arm, role, cast(0.5 as double) as expected_share
from (values ('offer', 'treatment'), ('none', 'control')) as t (arm, role)
