-- Law: no identifier somebody asked us to forget names a customer.
select requests.request_id
from {{ ref('stg_consent__erasure_requests') }} as requests
inner join {{ ref('int_named_identifiers') }} as identifiers
    on requests.id_type = identifiers.id_type and requests.id_value = identifiers.raw_value
