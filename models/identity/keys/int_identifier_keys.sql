-- One row per identifier that names a person, and the customer it names, erased or not. A key once given stays: it goes
-- to who holds the login, card or contact it was given for, else the strongest of its identifiers, for an address may
-- pass to somebody else; of two keys that turn out to be one person's, the older stays.
with

identifiers as (

    select
        persons.*,
        known.customer_key as known_key,
        known.key_since,
        rules.anchor_rank,
        rules.is_shared_in_households as may_pass_on
    from {{ ref('int_person_identifiers') }} as persons
    inner join {{ ref('identity_rules') }} as rules on persons.id_type = rules.id_type
    left join {{ ref('int_latest_keys') }} as known on persons.identifier_hash = known.identifier_hash

),

claims as (

    select
        known_key,
        person,
        min(key_since) as key_since,
        count(*) as identifiers,
        min({{ anchor_of('known_key') }}) as anchor,
        min(identifier_hash) as lowest_hash
    from identifiers
    where known_key is not null
    group by known_key, person

),

owned as (

    select * from claims
    qualify row_number() over (partition by known_key order by anchor, identifiers desc, lowest_hash) = 1

),

kept_keys as (

    select person, known_key as customer_key from owned
    qualify row_number() over (
        partition by person order by key_since, identifiers desc, known_key
    ) = 1

),

given_keys as (

    select distinct customer_key from {{ ref('int_assigned_keys') }}

),

-- Whoever has no key yet is named after the identifier they were first known by; where that name is or was another's,
-- and the identifier has passed on, after the moment, too.
names as (

    select
        identifiers.person,
        identifiers.identifier_hash,
        identifiers.first_seen_at,
        identifiers.anchor_rank,
        identifiers.id_value,
        owned.known_key is not null
        or identifiers.may_pass_on and given_keys.customer_key is not null as is_anothers
    from identifiers
    left join kept_keys on identifiers.person = kept_keys.person
    left join owned on identifiers.identifier_hash = owned.known_key
    left join given_keys on identifiers.identifier_hash = given_keys.customer_key
    where kept_keys.person is null

),

new_keys as (

    select
        person,
        case
            when is_anothers
                then substring({{ sha256_hex("identifier_hash || '|' || cast(" ~ built_at() ~ " as string)") }}, 1, 32)
            else identifier_hash
        end as customer_key
    from names
    qualify row_number() over (
        partition by person
        order by case when is_anothers then 1 else 0 end, first_seen_at nulls last, anchor_rank, id_value
    ) = 1

)

select
    cast(identifiers.id_type as string) as id_type,
    cast(identifiers.id_value as string) as id_value,
    cast(coalesce(kept_keys.customer_key, new_keys.customer_key) as string) as customer_key,
    cast(identifiers.first_seen_at as timestamp) as first_seen_at,
    cast(identifiers.identifier_hash as string) as identifier_hash,
    cast(identifiers.known_key as string) as known_key,
    cast(identifiers.person as bigint) as person,
    cast(identifiers.linked_group as bigint) as linked_group
from identifiers
left join kept_keys on identifiers.person = kept_keys.person
left join new_keys on identifiers.person = new_keys.person
