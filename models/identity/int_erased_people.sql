-- One row per request to be forgotten and person it is about; one without a person where we know none. People are
-- known by the records that carry the identifier, or, once their source has deleted those, by what history keeps.
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

keyed as (

    select * from {{ ref('int_keyed_identifiers') }}

),

carrying as (

    select distinct
        requests.request_id,
        keyed.customer_key
    from requests
    left join {{ ref('int_carriers') }} as carriers
        on requests.id_type = carriers.id_type and requests.id_value = carriers.raw_value
    left join {{ ref('int_identity_links') }} as links on carriers.record_id = links.record_id
    left join keyed on links.id_type = keyed.id_type and links.id_value = keyed.id_value

),

history as (

    select customer_key, identifiers from {{ source('ledger', 'audience_changes') }}
    union all
    select customer_key, former_identifiers from {{ source('ledger', 'audience_changes') }}
    union all
    select customer_key, null from {{ source('ledger', 'segment_changes') }}

),

former_people as (

    select distinct history.customer_key, history.identifiers
    from history
    left join keyed on history.customer_key = keyed.customer_key
    where history.customer_key is not null and keyed.customer_key is null

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
    inner join {{ ref('int_known_keys') }} as known on hashed.identifier_hash = known.identifier_hash

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

)

select
    cast(request_id as string) as request_id,
    cast(customer_key as string) as customer_key
from found
-- A record that names nobody by itself, as an order with a household's phone, adds nothing where others do.
qualify customer_key is not null or count(customer_key) over (partition by request_id) = 0
