-- One row per number or text of a version this build made the one that scores: appended to what is kept.
select
    cast(params.model_code as string) as model_code,
    cast(params.version as string) as version,
    cast(params.part as string) as part,
    cast(params.item as string) as item,
    cast(params.group_id as bigint) as group_id,
    cast(params.value as double) as value,
    cast(params.label as string) as label,
    cast('{{ var("build_id") }}' as string) as build_id
from {{ ref('model_params') }} as params
inner join {{ ref('model_trials') }} as trials
    on params.model_code = trials.model_code and params.version = trials.version
left join (select distinct model_code, version from {{ ref('int_previous_params') }}) as kept
    on params.model_code = kept.model_code and params.version = kept.version
where
    kept.version is null
    and trials.status = 'champion'
