-- One row per record of a person who has a key, and the customer they are, erased or not.
select
    persons.record_id,
    persons.linked_group,
    keys.customer_key
from {{ ref('int_people') }} as persons
inner join (
    select distinct person, customer_key
    from {{ ref('int_identifier_keys') }}
) as keys on persons.person = keys.person
