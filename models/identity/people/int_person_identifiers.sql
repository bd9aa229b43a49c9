-- One row per identifier and the person whose records carry it. What is carried by several people's records is the
-- person's whose own record it is, as a login's, or nobody's.
with

carried as (

    select
        links.id_type,
        links.id_value,
        links.seen_at,
        persons.person,
        persons.linked_group,
        links.record_id
        = case links.id_type when 'contact_id' then 'contact:' when 'account_id' then 'account:' end || links.id_value
            as is_own
    from {{ ref('int_identifier_links') }} as links
    inner join {{ ref('int_people') }} as persons on links.record_id = persons.record_id

),

owners as (

    select
        id_type,
        id_value,
        min(seen_at) as first_seen_at,
        min(person) as lowest_person,
        max(person) as highest_person,
        min(linked_group) as lowest_group,
        max(case when is_own then person end) as own_person,
        max(case when is_own then linked_group end) as own_group
    from carried
    group by id_type, id_value

)

select
    id_type,
    id_value,
    first_seen_at,
    case when lowest_person = highest_person then lowest_person else own_person end as person,
    case when lowest_person = highest_person then lowest_group else own_group end as linked_group,
    {{ identifier_hash('id_type', 'id_value') }} as identifier_hash
from owners
where lowest_person = highest_person or own_person is not null
