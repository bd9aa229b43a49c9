-- One row per e-mail or phone that links records of several people, because the evidence is against one of its links;
-- with a record of the first and of the last of these people.
with

person_records as (

    select
        links.id_type,
        links.id_value,
        people.person_id,
        min(people.record_id) as record_id
    from {{ ref('int_identifier_links') }} as links
    inner join {{ ref('int_person_records') }} as people on links.record_id = people.record_id
    where links.is_shared_in_households
    group by links.id_type, links.id_value, people.person_id

)

select
    id_type,
    id_value,
    min_by(record_id, person_id) as left_record_id,
    max_by(record_id, person_id) as right_record_id
from person_records
group by id_type, id_value
having count(*) > 1
