-- One row per key that was given to a customer, or would be named after an identifier, and customer who holds such an
-- identifier now; most of all the one who holds it strongest.
with

identifiers as (

    select
        keyed.identifier_hash,
        keyed.customer_key,
        rules.anchor_rank,
        rules.is_shared_in_households as may_pass_on
    from {{ ref('int_keyed_identifiers') }} as keyed
    inner join {{ ref('identity_rules') }} as rules on keyed.id_type = rules.id_type

),

given as (

    select identifier_hash, customer_key as given_key from {{ ref('int_given_keys') }}
    union
    -- Builds from before the ledger kept keys named everybody so.
    select identifier_hash, identifier_hash from identifiers

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
    min({{ anchor_of('given_key') }}) as anchor,
    count(*) as identifiers
from held
group by given_key, customer_key
