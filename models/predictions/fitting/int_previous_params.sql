-- One row per number or text of a version that an earlier build fitted.
select model_code, version, part, item, group_id, value, label
from {{ ref('stg_ledger__fitted_params') }}
