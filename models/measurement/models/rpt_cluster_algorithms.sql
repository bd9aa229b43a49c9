-- One row per clustering algorithm and measure of quality, for the version of the micro-segments that scores.
select
    params.version,
    params.item as algorithm,
    replace(params.part, 'comparison:', '') as measure,
    round(params.value, 9) as value
from {{ ref('model_params') }} as params
inner join {{ ref('int_champions') }} as champions
    on params.model_code = champions.model_code and params.version = champions.version
where params.model_code = 'micro_segments' and params.part like 'comparison:%'
