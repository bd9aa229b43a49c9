-- One row per identifier as a source may write it (an e-mail or phone as typed), and its customer.
select
    id_type,
    id_value as raw_value,
    customer_key
from {{ ref('int_identifiers') }}
where id_type not in ('email', 'phone')
union all
select
    points.kind,
    points.raw_value,
    min(identifiers.customer_key)
from {{ ref('int_contact_points') }} as points
inner join {{ ref('int_identifiers') }} as identifiers
    on points.kind = identifiers.id_type and points.contact_point = identifiers.id_value
group by points.kind, points.raw_value
