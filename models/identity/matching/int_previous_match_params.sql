-- One row per relation, field and level of agreement, with how often pairs had it when an earlier build learned it.
select relation, field, level, value, levels_hash, records, trained_at, build_id
from {{ ref('stg_ledger__match_params') }}
