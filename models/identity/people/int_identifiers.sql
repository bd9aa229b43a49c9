-- One row per identifier that names a person, and the customer it names. Erased people are not in it.
select
    identifiers.id_type,
    identifiers.id_value,
    identifiers.customer_key,
    identifiers.first_seen_at,
    identifiers.linked_group
from {{ ref('int_identifier_keys') }} as identifiers
left join (
    select distinct customer_key
    from {{ ref('int_erased_people') }}
    where customer_key is not null
) as erased on identifiers.customer_key = erased.customer_key
where erased.customer_key is null
