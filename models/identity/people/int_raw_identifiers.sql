-- One row per identifier, as a source may write it, that names exactly one customer. A value that may mean two
-- customers is left out, such as a national phone number that is valid in two countries.
with

written_forms as (

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
from written_forms
group by id_type, raw_value
having count(distinct customer_key) = 1
