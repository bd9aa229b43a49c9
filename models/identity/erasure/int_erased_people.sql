-- One row per request to be forgotten and key of a person it is about, with the keys they had before; one without a key
-- where we know nobody. People are known by the records that carry the identifier, or, once their source has deleted
-- those, by what history keeps.
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

current_keys as (

    select distinct customer_key from {{ ref('int_identifier_keys') }}

),

carrying as (

    select distinct
        requests.request_id,
        customers.customer_key
    from requests
    left join {{ ref('int_identifier_records') }} as carriers
        on requests.id_type = carriers.id_type and requests.id_value = carriers.raw_value
    left join {{ ref('int_record_customers') }} as customers on carriers.record_id = customers.record_id

),

history as (

    select customer_key, identifiers from {{ ref('stg_ledger__audience_changes') }}
    union all
    select customer_key, former_identifiers from {{ ref('stg_ledger__audience_changes') }}
    union all
    select customer_key, null from {{ ref('stg_ledger__segment_changes') }}

),

former_people as (

    select distinct history.customer_key, history.identifiers
    from history
    left join current_keys on history.customer_key = current_keys.customer_key
    where history.customer_key is not null and current_keys.customer_key is null

),

-- Every identifier a customer ever had, by its hash.
named_keys as (

    select
        hashed.request_id,
        known.customer_key
    from (
        select
            request_id,
            {{ identifier_hash('id_type', 'coalesce(contact_point, id_value)') }} as identifier_hash
        from requests
    ) as hashed
    inner join {{ ref('int_latest_keys') }} as known on hashed.identifier_hash = known.identifier_hash

),

said_hashes as (

    select request_id, {{ sha256_hex('contact_point') }} as said_hash
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

found as (

    select request_id, customer_key
    from carrying
    union
    select named_keys.request_id, named_keys.customer_key
    from named_keys
    inner join former_people on named_keys.customer_key = former_people.customer_key
    union
    select said_hashes.request_id, former_people.customer_key
    from said_hashes
    inner join former_people on former_people.identifiers like '%' || said_hashes.said_hash || '%'

),

-- What was recorded of them under a key that they had before they turned out to be one person: of who is known, and of
-- who is not known any more and whose key is nobody else's.
former_keys as (

    select former_keys.former_key, former_keys.customer_key
    from {{ ref('int_merged_keys') }} as former_keys
    inner join (
        select customer_key from {{ ref('int_assigned_keys') }}
        union
        select customer_key from former_people
    ) as kept on former_keys.former_key = kept.customer_key
    union
    select given_keys.customer_key, known.customer_key
    from {{ ref('int_assigned_keys') }} as given_keys
    inner join {{ ref('int_latest_keys') }} as known on given_keys.identifier_hash = known.identifier_hash
    left join (
        select customer_key from {{ ref('int_latest_keys') }}
        union
        select former_key from {{ ref('int_merged_keys') }}
    ) as others on given_keys.customer_key = others.customer_key
    where others.customer_key is null

),

with_former_keys as (

    select
        request_id,
        customer_key,
        false as is_former_key
    from found
    union all
    select distinct
        found.request_id,
        former_keys.former_key,
        true
    from found
    inner join former_keys on found.customer_key = former_keys.customer_key
    left join current_keys on former_keys.former_key = current_keys.customer_key
    left join found as already
        on found.request_id = already.request_id and former_keys.former_key = already.customer_key
    where current_keys.customer_key is null and already.customer_key is null

)

select
    cast(request_id as string) as request_id,
    cast(customer_key as string) as customer_key,
    cast(is_former_key as boolean) as is_former_key
from with_former_keys
-- A record that names nobody by itself, as an order with a household's phone, adds nothing where others do.
qualify customer_key is not null or count(customer_key) over (partition by request_id) = 0
