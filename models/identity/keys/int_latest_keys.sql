-- One row per identifier that an earlier build knew, with the customer it named last and since when that customer has
-- had their key.
select
    identifier_hash,
    customer_key,
    min(assigned_at) over (partition by customer_key) as key_since
from {{ ref('int_assigned_keys') }}
qualify row_number() over (partition by identifier_hash order by assigned_at desc, build_id desc) = 1
