-- One row per number or text of a version: a model is rows. Versions of earlier builds, and of this one.
select model_code, version, part, item, group_id, value, label
from {{ ref('int_previous_params') }}
union all
select
    fits.model_code,
    fits.version,
    fits.part,
    fits.item,
    fits.group_id,
    fits.value,
    fits.label
from {{ ref('int_fit_rows') }} as fits
left join (select distinct model_code, version from {{ ref('int_previous_params') }}) as kept
    on fits.model_code = kept.model_code and fits.version = kept.version
where kept.version is null
