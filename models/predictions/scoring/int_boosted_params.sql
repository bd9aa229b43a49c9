-- One row per number or text of a boosted version that is to score: its trees, node by node.
select params.* -- noqa: ambiguous.column_count
from {{ ref('model_params') }} as params
inner join (select distinct model_code, version, method from {{ ref('int_scoring_jobs') }}) as jobs
    on params.model_code = jobs.model_code and params.version = jobs.version
where jobs.method = 'boosted'
