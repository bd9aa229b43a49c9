-- One row per relation, field and level, as an earlier build learnt how often they agree so far.
select relation, field, level, value, told_by, records, trained_at, build_id
from {{ ref('stg_ledger__match_params') }}
