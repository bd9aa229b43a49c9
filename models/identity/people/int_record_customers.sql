-- One row per record of a person who has a customer key, and that key. Customers whom this build erases are included.
select
    people.record_id,
    people.linked_group,
    keys.customer_key
from {{ ref('int_person_records') }} as people
inner join (
    select distinct person_id, customer_key
    from {{ ref('int_identifier_keys') }}
) as keys on people.person_id = keys.person_id
