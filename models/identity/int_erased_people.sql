-- One row per request to be forgotten and person whose records carry the identifier it names; one without a person
-- where nobody does.
with

named as (

    select distinct
        requests.request_id,
        identifiers.customer_key
    from {{ ref('stg_consent__erasure_requests') }} as requests
    left join {{ ref('int_carriers') }} as carriers
        on requests.id_type = carriers.id_type and requests.id_value = carriers.raw_value
    left join {{ ref('int_identity_links') }} as links on carriers.record_id = links.record_id
    left join {{ ref('int_keyed_identifiers') }} as identifiers
        on links.id_type = identifiers.id_type and links.id_value = identifiers.id_value

)

select
    cast(request_id as string) as request_id,
    cast(customer_key as string) as customer_key
from named
-- A record that names nobody by itself, as an order with a household's phone, adds nothing where others do.
qualify customer_key is not null or count(customer_key) over (partition by request_id) = 0
