-- One row per erasure request and customer key it erases: the key of each customer the request is about, and the merged
-- keys under which history has them; one without a key where the request matches no customer.
with

matches as (

    select * from {{ ref('int_erasure_matches') }}

),

current_keys as (

    select distinct customer_key from {{ ref('int_identifier_keys') }}

),

assigned_keys as (

    select identifier_hash, customer_key from {{ ref('int_assigned_keys') }}

),

latest_keys as (

    select identifier_hash, customer_key from {{ ref('int_latest_keys') }}

),

merged_keys as (

    select merged_key, customer_key from {{ ref('int_merged_keys') }}

),

keys_in_history as (

    select customer_key from assigned_keys
    union
    select customer_key from {{ ref('int_past_customers') }}

),

owned_keys as (

    select customer_key from latest_keys
    union
    select merged_key from merged_keys

),

-- For a customer with records, the keys that were merged into theirs. For a past customer, the keys that their
-- identifiers had earlier and that belong to nobody else.
earlier_keys as (

    select merged_keys.merged_key as earlier_key, merged_keys.customer_key
    from merged_keys
    inner join keys_in_history on merged_keys.merged_key = keys_in_history.customer_key
    union
    select assigned_keys.customer_key, latest_keys.customer_key
    from assigned_keys
    inner join latest_keys on assigned_keys.identifier_hash = latest_keys.identifier_hash
    left join owned_keys on assigned_keys.customer_key = owned_keys.customer_key
    where owned_keys.customer_key is null

)

select
    request_id,
    customer_key,
    false as is_merged_key
from matches
union all
select distinct
    matches.request_id,
    earlier_keys.earlier_key,
    true
from matches
inner join earlier_keys on matches.customer_key = earlier_keys.customer_key
left join current_keys on earlier_keys.earlier_key = current_keys.customer_key
left join matches as already_matched
    on matches.request_id = already_matched.request_id and earlier_keys.earlier_key = already_matched.customer_key
where current_keys.customer_key is null and already_matched.customer_key is null
