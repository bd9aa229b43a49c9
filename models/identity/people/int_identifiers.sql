-- One row per identifier and the customer it names: int_identifier_keys without the customers whom this build erases,
-- and without people of whom nothing is known but a refusal. Profiles and audiences read this table; erasure, the
-- assignment of keys and the record of withdrawals read int_identifier_keys.
with

decisions as (

    select 'consent:' || id_type || '|' || id_value as record_id, has_grant
    from {{ ref('int_decision_identifiers') }}

),

known_customers as (

    select distinct customers.customer_key
    from {{ ref('int_record_customers') }} as customers
    left join decisions as whole on customers.record_id = whole.record_id
    -- The record of a decision's second address ends with its position.
    left join decisions as parts
        on {{ replace_all('customers.record_id', '[|][0-9]+$', '') }} = parts.record_id
    where customers.record_id not like 'consent:%' or whole.has_grant or parts.has_grant

),

erased as (

    select distinct customer_key
    from {{ ref('int_erasure_matches') }}
    where customer_key is not null

)

select
    identifiers.id_type,
    identifiers.id_value,
    identifiers.customer_key,
    identifiers.first_seen_at,
    identifiers.linked_group
from {{ ref('int_identifier_keys') }} as identifiers
inner join known_customers on identifiers.customer_key = known_customers.customer_key
left join erased on identifiers.customer_key = erased.customer_key
where erased.customer_key is null
