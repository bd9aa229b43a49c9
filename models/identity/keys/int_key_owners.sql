-- One row per key that was given to a customer, or would be named after an identifier, and customer who holds such an
-- identifier now, or did when it was last seen; most of all the one who holds it strongest.
with

keyed as (

    select * from {{ ref('int_identifier_keys') }}

),

current_keys as (

    select distinct customer_key from keyed

),

known as (

    select * from {{ ref('int_latest_keys') }}

),

identifiers as (

    select
        keyed.identifier_hash,
        keyed.customer_key,
        keyed.known_key,
        rules.anchor_rank,
        rules.is_shared_in_households as may_pass_on
    from keyed
    inner join {{ ref('identity_rules') }} as rules on keyed.id_type = rules.id_type
    union all
    -- What no record carries any more is whose it last was, after everything that a record does carry.
    select
        known.identifier_hash,
        known.customer_key,
        known.customer_key,
        99,
        true
    from known
    inner join current_keys on known.customer_key = current_keys.customer_key
    left join keyed on known.identifier_hash = keyed.identifier_hash
    where keyed.identifier_hash is null

),

given as (

    select identifier_hash, customer_key as given_key from {{ ref('int_assigned_keys') }}
    union
    -- Builds from before the ledger kept keys named everybody so.
    select identifier_hash, identifier_hash from keyed

),

held as (

    select
        given.given_key,
        identifiers.*
    from given
    inner join identifiers on given.identifier_hash = identifiers.identifier_hash

)

select
    given_key,
    customer_key,
    bool_or(coalesce(known_key = given_key, false)) as had_it_last,
    min({{ anchor_of('given_key') }}) as anchor,
    count(*) as identifiers
from held
group by given_key, customer_key
