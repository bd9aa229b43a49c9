-- One row per identifier that names one customer, as a consent event may write it, and group of linked records: a grant
-- through it counts for them. A grant under a customer's key is one for all of their records.
with

owners_of_one as (

    select assigned_key, min(customer_key) as customer_key
    from {{ ref('int_key_owners') }}
    group by assigned_key
    having count(*) = 1

),

linked_groups as (

    select distinct customer_key, linked_group from {{ ref('int_record_customers') }}

)

select id_type, raw_value, customer_key, linked_group
from {{ ref('int_raw_identifiers') }}
union all
select
    'customer_key',
    owners_of_one.assigned_key,
    linked_groups.customer_key,
    linked_groups.linked_group
from owners_of_one
inner join linked_groups on owners_of_one.customer_key = linked_groups.customer_key
