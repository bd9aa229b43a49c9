-- One row per past customer and set of identifiers (JSON) that a channel got of them; null where history has none. A
-- past customer is in the history of audiences or segments, and none of today's records belongs to them.
with

history as (

    select customer_key, identifiers from {{ ref('stg_ledger__audience_changes') }}
    union all
    select customer_key, former_identifiers from {{ ref('stg_ledger__audience_changes') }}
    union all
    select customer_key, null from {{ ref('stg_ledger__segment_changes') }}

),

current_keys as (

    select distinct customer_key from {{ ref('int_identifier_keys') }}

)

select distinct
    history.customer_key,
    history.identifiers
from history
left join current_keys on history.customer_key = current_keys.customer_key
where history.customer_key is not null and current_keys.customer_key is null
