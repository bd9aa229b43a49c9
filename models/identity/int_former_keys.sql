-- One row per key that no customer has any more, and the customer who is that person now: what history says of the one
-- is told of the other.
with

identifiers as (

    select * from {{ ref('int_keyed_identifiers') }}

),

current_keys as (

    select distinct customer_key from identifiers

),

heirs as (

    select
        given.customer_key as former_key,
        identifiers.customer_key,
        count(*) as identifiers,
        max(case when given.identifier_hash = given.customer_key then 1 else 0 end) as has_first
    from {{ source('ledger', 'customer_key_changes') }} as given
    inner join identifiers on given.identifier_hash = identifiers.identifier_hash
    left join current_keys on given.customer_key = current_keys.customer_key
    where current_keys.customer_key is null and given.assigned_at <= {{ as_of() }}
    group by given.customer_key, identifiers.customer_key

)

select former_key, customer_key
from heirs
qualify row_number() over (
    partition by former_key order by has_first desc, identifiers desc, customer_key
) = 1
