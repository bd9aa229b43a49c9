-- One row per pair of records that a steward says belong to two people.
select distinct
    lefts.record_id as left_record_id,
    rights.record_id as right_record_id
from {{ ref('int_steward_decisions') }} as decisions
inner join {{ ref('int_record_identifiers') }} as lefts
    on decisions.left_id_type = lefts.id_type and decisions.left_id_value = lefts.id_value
inner join {{ ref('int_record_identifiers') }} as rights
    on decisions.right_id_type = rights.id_type and decisions.right_id_value = rights.id_value
where decisions.decision = 'unlink' and lefts.record_id <> rights.record_id
