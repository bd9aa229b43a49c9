-- One row per experiment and customer assigned to it, in this build or before.
{% set columns = ['experiment_code', 'segment_code', 'arm', 'stratum', 'holdout_share', 'assigned_at'] %}
select customer_key, {{ columns | join(', ') }}
from {{ all_builds(
    'experiment_assignments', 'experiment_assignments', columns, under_current_keys=true
) }} as assignments
where assigned_at <= {{ built_at() }}
-- When two customers turn out to be one, the earlier arm counts.
qualify row_number() over (partition by experiment_code, customer_key order by assigned_at, arm) = 1
