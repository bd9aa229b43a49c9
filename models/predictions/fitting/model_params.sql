-- One row per number or text of a version: a model is rows. Versions of earlier builds, and of this one.
select
    model_code,
    version,
    part,
    item,
    group_id,
    value,
    label
from {{ ref('stg_ledger__fitted_params') }}
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
left join (select distinct model_code, version from {{ ref('stg_ledger__fitted_params') }}) as stored
    on fits.model_code = stored.model_code and fits.version = stored.version
where stored.version is null
