-- One row per identifier that names a customer and did not name the same one before. Publishing appends it to the
-- ledger, by which a customer keeps the key when new data come.
select
    cast(identifier_hash as string) as identifier_hash,
    cast(customer_key as string) as customer_key,
    cast({{ built_at() }} as timestamp) as assigned_at,
    cast('{{ var("build_id") }}' as string) as build_id
from {{ ref('int_keyed_identifiers') }}
where known_key is distinct from customer_key
