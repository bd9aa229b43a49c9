-- One row per number or text of the micro-segments in use from an earlier build. A refit keeps their scale and ids.
select
    params.model_code,
    params.version,
    params.part,
    params.item,
    params.group_id,
    params.value,
    params.label
from {{ ref('stg_ledger__fitted_params') }} as params
inner join {{ ref('int_incumbents') }} as incumbents
    on params.model_code = incumbents.model_code and params.version = incumbents.version
where params.model_code = 'micro_segments'
