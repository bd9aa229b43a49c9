-- One row per type of identifier: how many values there are, how many of them link no records because they are
-- blocked, shared or in too many records, and how many customers have one.
with

identifiers as (

    select id_type, count(distinct id_value) as identifiers
    from {{ ref('int_record_identifiers') }}
    group by id_type

),

linked as (

    select id_type, count(distinct id_value) as identifiers
    from {{ ref('int_identifier_links') }}
    group by id_type

),

customers as (

    select id_type, count(distinct customer_key) as customers
    from {{ ref('int_identifiers') }}
    group by id_type

),

all_customers as (

    select count(distinct customer_key) as customers
    from {{ ref('int_identifiers') }}

)

select
    identifiers.id_type,
    identifiers.identifiers,
    identifiers.identifiers - coalesce(linked.identifiers, 0) as unlinked_identifiers,
    coalesce(customers.customers, 0) as customers,
    coalesce(customers.customers, 0) / nullif(cast(all_customers.customers as double), 0) as share_of_customers
from identifiers
left join linked on identifiers.id_type = linked.id_type
left join customers on identifiers.id_type = customers.id_type
cross join all_customers
