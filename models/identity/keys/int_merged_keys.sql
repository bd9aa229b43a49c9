-- One row per merged key, which no customer has any more, and the customer who has its identifiers now. History that
-- was recorded under the merged key belongs to that customer. A customer whose records are missing today may come back.
-- So their key is not merged, even if another customer now has an e-mail that was theirs.
with

current_keys as (

    select distinct customer_key from {{ ref('int_identifier_keys') }}

),

latest_keys as (

    select distinct customer_key from {{ ref('int_latest_keys') }}

)

select
    owners.assigned_key as merged_key,
    owners.customer_key
from {{ ref('int_key_owners') }} as owners
left join current_keys on owners.assigned_key = current_keys.customer_key
left join latest_keys on owners.assigned_key = latest_keys.customer_key
where current_keys.customer_key is null and (owners.was_last_owner or latest_keys.customer_key is null)
qualify row_number() over (
    partition by owners.assigned_key order by owners.anchor, owners.identifiers desc, owners.customer_key
) = 1
