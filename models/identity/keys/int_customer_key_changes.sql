-- One row per identifier that names a customer and did not name the same one before; also one that no record carries
-- now, if its customer turned out to be another's person. Publishing appends it to the ledger, by which a customer
-- keeps the key when new data come.
with

identifiers as (

    select * from {{ ref('int_identifier_keys') }}

),

changes as (

    select identifier_hash, customer_key
    from identifiers
    where known_key is distinct from customer_key
    union all
    select known.identifier_hash, former_keys.customer_key
    from {{ ref('int_latest_keys') }} as known
    inner join {{ ref('int_merged_keys') }} as former_keys on known.customer_key = former_keys.former_key
    left join identifiers on known.identifier_hash = identifiers.identifier_hash
    where identifiers.identifier_hash is null

)

select
    cast(identifier_hash as string) as identifier_hash,
    cast(customer_key as string) as customer_key,
    cast({{ built_at() }} as timestamp) as assigned_at,
    cast('{{ var("build_id") }}' as string) as build_id
from changes
