-- One row per identifier as a source may write it (an e-mail or phone as typed) that names one customer. What
-- could be two people's is nobody's: a national number that reads differently in two countries, say.
with

spellings as (

    select
        id_type,
        id_value as raw_value,
        customer_key,
        linked_group
    from {{ ref('int_identifiers') }}
    where id_type not in ('email', 'phone')
    union all
    select
        points.kind,
        points.raw_value,
        identifiers.customer_key,
        identifiers.linked_group
    from {{ ref('int_contact_points') }} as points
    inner join {{ ref('int_identifiers') }} as identifiers
        on points.kind = identifiers.id_type and points.contact_point = identifiers.id_value

)

select
    id_type,
    raw_value,
    min(customer_key) as customer_key,
    min(linked_group) as linked_group
from spellings
group by id_type, raw_value
having count(distinct customer_key) = 1
