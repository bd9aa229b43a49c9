-- One row per experiment and customer assigned to it, in this build or before.
{% set columns = 'experiment_code, segment_code, customer_key, arm, stratum, holdout_share, assigned_at' %}
select {{ columns }} from {{ source('ledger', 'experiment_assignments') }}
-- Once it is published, the ledger holds this build, too.
where assigned_at <= {{ built_at() }} and build_id <> '{{ var("build_id") }}'
union all
select {{ columns }} from {{ ref('experiment_assignments') }}
