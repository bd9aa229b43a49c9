-- One row per algorithm tried for the micro-segments that score, and measure: how well its groups hold together.
select
    cast(params.version as string) as version,
    cast(params.item as string) as algorithm,
    cast(replace(params.part, 'comparison:', '') as string) as measure,
    cast(round(params.value, 9) as double) as value
from {{ ref('model_params') }} as params
inner join {{ ref('int_champions') }} as champions
    on params.model_code = champions.model_code and params.version = champions.version
where params.model_code = 'micro_segments' and params.part like 'comparison:%'
