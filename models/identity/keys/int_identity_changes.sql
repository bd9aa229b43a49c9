-- One row per customer whose identifiers went over to another in this build: two customers were one person (merged), or
-- one was two (split). Publishing appends it to the ledger.
with

identifiers as (

    select * from {{ ref('int_identifier_keys') }}

),

gone_over as (

    select
        known_key as former_key,
        customer_key,
        count(*) as identifiers_moved,
        min(person) as person,
        min(linked_group) as linked_group
    from identifiers
    where known_key <> customer_key
    group by known_key, customer_key

),

still_there as (

    select
        customer_key,
        min(person) as person,
        count(distinct linked_group) as linked_groups
    from identifiers
    group by customer_key

),

stewards_links as (

    select distinct persons.person
    from {{ ref('int_record_links') }} as ties
    inner join {{ ref('int_people') }} as persons on ties.record_id = persons.record_id
    where ties.id_type = 'decision'

),

kept_apart as (

    select distinct
        least(lefts.person, rights.person) as lower_person,
        greatest(lefts.person, rights.person) as higher_person
    from {{ ref('int_steward_unlinks') }} as apart
    inner join {{ ref('int_people') }} as lefts on apart.left_record_id = lefts.record_id
    inner join {{ ref('int_people') }} as rights on apart.right_record_id = rights.record_id

)

select
    cast(case when formers.customer_key is null then 'merged' else 'split' end as string) as action,
    cast(gone_over.former_key as string) as former_key,
    cast(gone_over.customer_key as string) as customer_key,
    cast(gone_over.identifiers_moved as bigint) as identifiers_moved,
    cast(case
        when formers.customer_key is null and stewards_links.person is not null then 'a steward linked them'
        when formers.customer_key is null and heirs.linked_groups = 1 then 'they share an identifier'
        when formers.customer_key is null then 'their details match'
        when kept_apart.lower_person is not null then 'a steward keeps them apart'
        else 'what tied them is gone, is shared by others, or speaks for two people'
    end as string) as reason,
    cast({{ built_at() }} as timestamp) as changed_at,
    cast('{{ var("build_id") }}' as string) as build_id
from gone_over
inner join still_there as heirs on gone_over.customer_key = heirs.customer_key
left join still_there as formers on gone_over.former_key = formers.customer_key
left join stewards_links on gone_over.person = stewards_links.person
left join kept_apart
    on
        least(gone_over.person, formers.person) = kept_apart.lower_person
        and greatest(gone_over.person, formers.person) = kept_apart.higher_person
