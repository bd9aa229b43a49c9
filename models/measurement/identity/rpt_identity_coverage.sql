-- One row per kind of identifier: how many values there are, how many of them tie nobody because they are junk, crowded
-- or shared, and how many customers have one.
with

carried as (

    select id_type, count(distinct id_value) as identifiers
    from {{ ref('int_record_identifiers') }}
    group by id_type

),

linked as (

    select id_type, count(distinct id_value) as identifiers
    from {{ ref('int_identifier_links') }}
    group by id_type

),

named as (

    select id_type, count(distinct customer_key) as customers
    from {{ ref('int_identifiers') }}
    group by id_type

),

everybody as (

    select count(distinct customer_key) as customers
    from {{ ref('int_identifiers') }}

)

select
    cast(carried.id_type as string) as id_type,
    cast(carried.identifiers as bigint) as identifiers,
    cast(carried.identifiers - coalesce(linked.identifiers, 0) as bigint) as identifiers_of_nobody,
    cast(coalesce(named.customers, 0) as bigint) as customers,
    cast(coalesce(named.customers, 0) * 1.0 / nullif(everybody.customers, 0) as double) as share_of_customers
from carried
left join linked on carried.id_type = linked.id_type
left join named on carried.id_type = named.id_type
cross join everybody
