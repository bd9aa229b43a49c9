-- One row per identifier, as a consent event may write it, and record that a refusal through it counts for. A
-- customer's key means all records of everybody with a claim to it, and those of customers with a mailbox of theirs,
-- because the message that had the key reached them, too.
with

owners as (

    select assigned_key, customer_key from {{ ref('int_key_owners') }}

),

reached as (

    select assigned_key, customer_key from owners
    union
    select
        owners.assigned_key,
        others.customer_key
    from owners
    inner join {{ ref('int_customer_mailboxes') }} as own on owners.customer_key = own.customer_key
    inner join {{ ref('int_customer_mailboxes') }} as others on own.mailbox_hash = others.mailbox_hash

),

named_keys as (

    select distinct id_value
    from {{ ref('stg_consent__events') }}
    where id_type = 'customer_key'

)

select id_type, raw_value, record_id
from {{ ref('int_refusal_records') }}
union all
select
    'customer_key',
    reached.assigned_key,
    records.record_id
from named_keys
inner join reached on named_keys.id_value = reached.assigned_key
inner join {{ ref('int_record_customers') }} as records on reached.customer_key = records.customer_key
