-- One row per identifier and the customer it names: int_identifier_keys without the customers whom this build erases.
-- Profiles and audiences read this table; erasure and the assignment of keys read int_identifier_keys.
select
    identifiers.id_type,
    identifiers.id_value,
    identifiers.customer_key,
    identifiers.first_seen_at,
    identifiers.linked_group
from {{ ref('int_identifier_keys') }} as identifiers
left join (
    select distinct customer_key
    from {{ ref('int_erasure_matches') }}
    where customer_key is not null
) as erased on identifiers.customer_key = erased.customer_key
where erased.customer_key is null
