-- One row per identifier and the customer it names. Customers whom this build erases are included, because erasure
-- needs all their identifiers; int_identifiers leaves them out. An assigned key stays with the person who has the
-- login, card or contact it was assigned for, else with the person who has the strongest of its identifiers: an e-mail
-- or phone may be reassigned to somebody else. Of two keys of one person the older stays.
with

identifiers as (

    select
        identifiers.*,
        latest.customer_key as previous_key,
        latest.key_since,
        rules.anchor_rank,
        rules.is_shared_in_households as is_reassignable
    from {{ ref('int_person_identifiers') }} as identifiers
    inner join {{ ref('identity_rules') }} as rules on identifiers.id_type = rules.id_type
    left join {{ ref('int_latest_keys') }} as latest on identifiers.identifier_hash = latest.identifier_hash

),

claims as (

    select
        previous_key,
        person_id,
        min(key_since) as key_since,
        count(*) as identifiers,
        min({{ anchor_of('previous_key') }}) as anchor,
        min(identifier_hash) as lowest_hash
    from identifiers
    where previous_key is not null
    group by previous_key, person_id

),

-- Each earlier key belongs to one person.
strongest_claims as (

    select * from claims
    qualify row_number() over (partition by previous_key order by anchor, identifiers desc, lowest_hash) = 1

),

-- Each person has one key: the oldest of theirs.
continued_keys as (

    select person_id, previous_key as customer_key from strongest_claims
    qualify row_number() over (
        partition by person_id order by key_since, identifiers desc, previous_key
    ) = 1

),

assigned_keys as (

    select distinct customer_key from {{ ref('int_assigned_keys') }}

),

-- A person without a key gets the hash of one of their identifiers: of the hashes that are free, the one whose
-- identifier was seen first. A hash is taken if it was a customer's key until now. The hash of an e-mail or phone is
-- also taken if it was a key in any earlier build: the address may have been reassigned, and the key's history is not
-- this person's.
candidates as (

    select
        identifiers.person_id,
        identifiers.identifier_hash,
        identifiers.first_seen_at,
        identifiers.anchor_rank,
        identifiers.id_value,
        strongest_claims.previous_key is not null
        or identifiers.is_reassignable and assigned_keys.customer_key is not null as is_taken
    from identifiers
    left join continued_keys on identifiers.person_id = continued_keys.person_id
    left join strongest_claims on identifiers.identifier_hash = strongest_claims.previous_key
    left join assigned_keys on identifiers.identifier_hash = assigned_keys.customer_key
    where continued_keys.person_id is null

),

-- Where every hash is taken, the moment of the build makes it a new one.
new_keys as (

    select
        person_id,
        case
            when is_taken
                then substring({{ sha256_hex("identifier_hash || '|' || cast(" ~ built_at() ~ " as string)") }}, 1, 32)
            else identifier_hash
        end as customer_key
    from candidates
    qualify row_number() over (
        partition by person_id
        order by case when is_taken then 1 else 0 end, first_seen_at nulls last, anchor_rank, id_value
    ) = 1

)

select
    identifiers.id_type,
    identifiers.id_value,
    coalesce(continued_keys.customer_key, new_keys.customer_key) as customer_key,
    identifiers.first_seen_at,
    identifiers.identifier_hash,
    identifiers.previous_key,
    identifiers.person_id,
    identifiers.linked_group
from identifiers
left join continued_keys on identifiers.person_id = continued_keys.person_id
left join new_keys on identifiers.person_id = new_keys.person_id
