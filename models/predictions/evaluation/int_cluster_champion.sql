-- One row per number or text of the micro-segments that score so far: a refit keeps their scale and their ids.
select
    params.model_code,
    params.version,
    params.part,
    params.item,
    params.group_id,
    params.value,
    params.label
from {{ ref('int_previous_params') }} as params
inner join {{ ref('int_incumbents') }} as incumbents
    on params.model_code = incumbents.model_code and params.version = incumbents.version
where params.model_code = 'micro_segments'
