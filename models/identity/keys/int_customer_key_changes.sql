-- One row per identifier whose customer changed in this build: it is new, or it named another customer before. An
-- identifier that no record contains now is in it too, if the key of its customer was merged. Publishing appends these
-- rows to the ledger, so that customers keep their keys when new data arrive.
with

identifiers as (

    select * from {{ ref('int_identifier_keys') }}

),

changes as (

    select identifier_hash, customer_key
    from identifiers
    where previous_key is distinct from customer_key
    union all
    select latest.identifier_hash, merged_keys.customer_key
    from {{ ref('int_latest_keys') }} as latest
    inner join {{ ref('int_merged_keys') }} as merged_keys on latest.customer_key = merged_keys.merged_key
    left join identifiers on latest.identifier_hash = identifiers.identifier_hash
    where identifiers.identifier_hash is null

)

select
    identifier_hash,
    customer_key,
    {{ built_at() }} as assigned_at,
    cast('{{ var("build_id") }}' as string) as build_id
from changes
