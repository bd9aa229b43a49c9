-- One row per number or text of a version that this build promoted to score. Publishing appends it to the ledger.
select
    params.model_code,
    params.version,
    params.part,
    params.item,
    params.group_id,
    params.value,
    params.label,
    '{{ var("build_id") }}' as build_id
from {{ ref('model_params') }} as params
inner join {{ ref('model_trials') }} as trials
    on params.model_code = trials.model_code and params.version = trials.version
left join (select distinct model_code, version from {{ ref('stg_ledger__fitted_params') }}) as stored
    on params.model_code = stored.model_code and params.version = stored.version
where
    stored.version is null
    and trials.status = 'champion'
