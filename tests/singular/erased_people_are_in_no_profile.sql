-- Law: a person with an identifier that an erasure request names is not a customer, whether the identifier links
-- records or not.
select requests.request_id
from {{ ref('stg_consent__erasure_requests') }} as requests
left join {{ ref('int_contact_points') }} as points
    on requests.id_type = points.kind and requests.id_value = points.raw_value
inner join {{ ref('int_record_identifiers') }} as records
    on
        requests.id_type = records.id_type
        and coalesce(points.contact_point, requests.id_value) = records.id_value
inner join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
inner join {{ ref('int_identifiers') }} as identifiers on customers.customer_key = identifiers.customer_key
