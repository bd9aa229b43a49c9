-- One row per pair of customers, where identifiers moved from the one (previous_key) to the other in this build. Either
-- two customers turned out to be one person (merged), or one customer to be two people (split). Publishing appends
-- these rows to the ledger.
with

identifiers as (

    select * from {{ ref('int_identifier_keys') }}

),

moves as (

    select
        previous_key,
        customer_key,
        count(*) as identifiers_moved,
        min(person_id) as person_id,
        min(linked_group) as linked_group
    from identifiers
    where previous_key <> customer_key
    group by previous_key, customer_key

),

customers as (

    select
        customer_key,
        min(person_id) as person_id,
        count(distinct linked_group) as linked_groups
    from identifiers
    group by customer_key

),

linked as (

    select
        people.person_id,
        bool_or(links.id_type = 'decision') as is_by_steward
    from {{ ref('int_record_links') }} as links
    inner join {{ ref('int_person_records') }} as people on links.record_id = people.record_id
    where links.id_type in ('decision', 'merge')
    group by people.person_id

),

unlinked_by_steward as (

    select distinct
        least(lefts.person_id, rights.person_id) as lower_person_id,
        greatest(lefts.person_id, rights.person_id) as higher_person_id
    from {{ ref('int_steward_unlinks') }} as unlinks
    inner join {{ ref('int_person_records') }} as lefts on unlinks.left_record_id = lefts.record_id
    inner join {{ ref('int_person_records') }} as rights on unlinks.right_record_id = rights.record_id

)

select
    case when former_customers.customer_key is null then 'merged' else 'split' end as action,
    moves.previous_key,
    moves.customer_key,
    moves.identifiers_moved,
    case
        when former_customers.customer_key is null and linked.is_by_steward then 'a steward linked them'
        when former_customers.customer_key is null and linked.person_id is not null then 'their source merged them'
        when former_customers.customer_key is null and new_customers.linked_groups = 1 then 'they share an identifier'
        when former_customers.customer_key is null then 'their details match'
        when unlinked_by_steward.lower_person_id is not null then 'a steward unlinked them'
        else 'their link is gone, or others share it, or the evidence speaks against it'
    end as reason,
    {{ built_at() }} as changed_at,
    cast('{{ var("build_id") }}' as string) as build_id
from moves
inner join customers as new_customers on moves.customer_key = new_customers.customer_key
left join customers as former_customers on moves.previous_key = former_customers.customer_key
left join linked on moves.person_id = linked.person_id
left join unlinked_by_steward
    on
        least(moves.person_id, former_customers.person_id) = unlinked_by_steward.lower_person_id
        and greatest(moves.person_id, former_customers.person_id) = unlinked_by_steward.higher_person_id
