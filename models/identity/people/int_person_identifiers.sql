-- One row per identifier and the person it belongs to. Where records of several people contain it, it belongs to the
-- person whose own record it is (a login belongs to its account, a contact id to its contact), else to nobody.
with

identifiers as (

    select
        links.id_type,
        links.id_value,
        links.seen_at,
        people.person_id,
        people.linked_group,
        links.record_id
        = case links.id_type when 'contact_id' then 'contact:' when 'account_id' then 'account:' end || links.id_value
            as is_own_record
    from {{ ref('int_identifier_links') }} as links
    inner join {{ ref('int_person_records') }} as people on links.record_id = people.record_id

),

owners as (

    select
        id_type,
        id_value,
        min(seen_at) as first_seen_at,
        min(person_id) as lowest_person_id,
        max(person_id) as highest_person_id,
        min(linked_group) as lowest_group,
        max(case when is_own_record then person_id end) as own_person_id,
        max(case when is_own_record then linked_group end) as own_group
    from identifiers
    group by id_type, id_value

)

select
    id_type,
    id_value,
    first_seen_at,
    case when lowest_person_id = highest_person_id then lowest_person_id else own_person_id end as person_id,
    case when lowest_person_id = highest_person_id then lowest_group else own_group end as linked_group,
    {{ identifier_hash('id_type', 'id_value') }} as identifier_hash
from owners
where lowest_person_id = highest_person_id or own_person_id is not null
