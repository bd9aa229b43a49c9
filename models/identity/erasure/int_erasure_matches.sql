-- One row per erasure request and customer it is about. A request that matches no customer has one row, without a
-- customer. A customer matches if one of their records contains the identifier. A past customer, who has no records any
-- more, matches by the hashes of identifiers that history keeps.
with

requests as (

    select distinct
        requests.request_id,
        requests.id_type,
        requests.id_value,
        points.contact_point
    from {{ ref('stg_consent__erasure_requests') }} as requests
    left join {{ ref('int_contact_points') }} as points
        on requests.id_type = points.kind and requests.id_value = points.raw_value

),

past_customers as (

    select * from {{ ref('int_past_customers') }}

),

by_record as (

    select distinct
        requests.request_id,
        customers.customer_key
    from requests
    left join {{ ref('int_identifier_records') }} as records
        on requests.id_type = records.id_type and requests.id_value = records.raw_value
    left join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id

),

identifier_hashes as (

    select
        request_id,
        {{ identifier_hash('id_type', 'coalesce(contact_point, id_value)') }} as identifier_hash
    from requests

),

by_latest_key as (

    select identifier_hashes.request_id, latest.customer_key
    from identifier_hashes
    inner join {{ ref('int_latest_keys') }} as latest on identifier_hashes.identifier_hash = latest.identifier_hash
    inner join past_customers on latest.customer_key = past_customers.customer_key

),

-- The hashes that channels were given of the identifier.
channel_hashes as (

    select request_id, {{ sha256_hex('contact_point') }} as value_hash
    from requests
    union
    select request_id, {{ sha256_hex(google_email('contact_point')) }}
    from requests
    where id_type = 'email'
    union
    select request_id, {{ sha256_hex(tiktok_email('contact_point')) }}
    from requests
    where id_type = 'email'
    union
    select request_id, {{ sha256_hex("replace(contact_point, '+', '')") }}
    from requests
    where id_type = 'phone'

),

by_channel_hash as (

    select channel_hashes.request_id, past_customers.customer_key
    from channel_hashes
    inner join past_customers on past_customers.identifiers like '%' || channel_hashes.value_hash || '%'

),

matches as (

    select request_id, customer_key from by_record
    union
    select request_id, customer_key from by_latest_key
    union
    select request_id, customer_key from by_channel_hash

)

select
    request_id,
    customer_key
from matches
-- A record without a customer, such as an order with a household's phone, adds nothing where another one has a
-- customer.
qualify customer_key is not null or count(customer_key) over (partition by request_id) = 0
