-- One row per assigned key and customer with a claim to it, with how strong the claim is. A customer has a claim if one
-- of their identifiers was assigned the key in any build. An identifier that no record contains now counts for the
-- customer it named last. The hash of an identifier counts as a key that it was assigned: before the ledger recorded
-- keys, a customer's key was the hash of one of their identifiers.
with

current_identifiers as (

    select * from {{ ref('int_identifier_keys') }}

),

current_keys as (

    select distinct customer_key from current_identifiers

),

latest_keys as (

    select * from {{ ref('int_latest_keys') }}

),

identifiers as (

    select
        current_identifiers.identifier_hash,
        current_identifiers.customer_key,
        current_identifiers.previous_key,
        rules.anchor_rank,
        rules.is_shared_in_households as is_reassignable
    from current_identifiers
    inner join {{ ref('identity_rules') }} as rules on current_identifiers.id_type = rules.id_type
    union all
    -- An identifier that no record contains any more belongs to the customer it named last. Its rank is after all
    -- others.
    select
        latest_keys.identifier_hash,
        latest_keys.customer_key,
        latest_keys.customer_key,
        99,
        true
    from latest_keys
    inner join current_keys on latest_keys.customer_key = current_keys.customer_key
    left join current_identifiers on latest_keys.identifier_hash = current_identifiers.identifier_hash
    where current_identifiers.identifier_hash is null

),

assigned_keys as (

    select identifier_hash, customer_key as assigned_key from {{ ref('int_assigned_keys') }}
    union
    select identifier_hash, identifier_hash from current_identifiers

),

claims as (

    select
        assigned_keys.assigned_key,
        identifiers.*
    from assigned_keys
    inner join identifiers on assigned_keys.identifier_hash = identifiers.identifier_hash

)

select
    assigned_key,
    customer_key,
    bool_or(coalesce(previous_key = assigned_key, false)) as was_last_owner,
    min({{ anchor_of('assigned_key') }}) as anchor,
    count(*) as identifiers
from claims
group by assigned_key, customer_key
