-- One row per experiment and customer assigned to it, in this build or before.
{% set columns = ['experiment_code', 'segment_code', 'arm', 'stratum', 'holdout_share', 'assigned_at'] %}
select customer_key, {{ columns | join(', ') }}
from {{ history_of('experiment_assignments', columns + ['build_id']) }} as kept
-- Once it is published, the ledger holds this build, too.
where assigned_at <= {{ built_at() }} and build_id <> '{{ var("build_id") }}'
-- Two customers who turn out to be one person stay in the arm the first of them was put in.
qualify row_number() over (partition by experiment_code, customer_key order by assigned_at, arm) = 1
union all
select customer_key, {{ columns | join(', ') }} from {{ ref('experiment_assignments') }}
