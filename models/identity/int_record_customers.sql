-- One row per record of a person who has a key, and the customer they are, erased or not.
select
    persons.record_id,
    persons.linked_group,
    keys.customer_key
from {{ ref('int_identity_persons') }} as persons
inner join (
    select distinct person, customer_key
    from {{ ref('int_keyed_identifiers') }}
) as keys on persons.person = keys.person
