-- One row per change of an audience row, over all published builds and this one. A pickup that reads on from the
-- last change_seq it handled misses nothing, and above all no removal. Once this build is published, the ledger
-- holds its changes too.
{% set columns -%}
    change_seq, channel, audience_code, audience_row_id, action, reason, identifiers, former_identifiers, row_hash,
    build_id, occurred_at
{%- endset -%}
select {{ columns }}
from {{ source('ledger', 'audience_changes') }}
where build_id <> '{{ var("build_id") }}'
union all
select {{ columns }}
from {{ ref('int_audience_changes') }}
