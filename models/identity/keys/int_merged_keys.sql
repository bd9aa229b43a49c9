-- One row per key that no customer has any more, and the customer who is that person now: what history says of the one
-- is told of the other. The key of somebody who is only away is theirs, whoever has an old address of them.
select
    holders.given_key as former_key,
    holders.customer_key
from {{ ref('int_key_owners') }} as holders
left join (
    select distinct customer_key
    from {{ ref('int_identifier_keys') }}
) as current_keys on holders.given_key = current_keys.customer_key
left join (
    select distinct customer_key
    from {{ ref('int_latest_keys') }}
) as last_known on holders.given_key = last_known.customer_key
where current_keys.customer_key is null and (holders.had_it_last or last_known.customer_key is null)
qualify row_number() over (
    partition by holders.given_key order by holders.anchor, holders.identifiers desc, holders.customer_key
) = 1
