{#- Columns by name: a ledger's files may have them in another order. -#}
-- One row per relation, field and level, as an earlier build learnt how often they agree so far.
select relation, field, level, value, told_by, records, trained_at, build_id
from {{ source('ledger', 'match_params') }}
