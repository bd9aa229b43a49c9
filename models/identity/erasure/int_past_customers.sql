-- One row per customer who is in history but has none of today's records, and identifiers that a channel had of them.
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
