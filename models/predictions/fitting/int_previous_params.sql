-- One row per number or text of a version that an earlier build fitted.
select model_code, version, part, item, group_id, value, label
from {{ source('ledger', 'fitted_params') }}
