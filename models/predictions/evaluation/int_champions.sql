-- One row per model with a version that scores now: the one this build promoted, or else the incumbent.
select model_code, version, method, horizon_days, ranks_well, predicts_well from {{ ref('model_trials') }}
where status = 'champion'
union all
select
    incumbents.model_code,
    incumbents.version,
    incumbents.method,
    incumbents.horizon_days,
    incumbents.ranks_well,
    incumbents.predicts_well
from {{ ref('int_incumbents') }} as incumbents
left join {{ ref('model_trials') }} as promoted
    on incumbents.model_code = promoted.model_code and promoted.status = 'champion'
where promoted.version is null
