-- One row per pair of records that a steward should review: no steward and no source has decided about it yet. The
-- answer comes back in the landing table identity_decisions.
with

decided as (

    select left_record_id, right_record_id from {{ ref('int_steward_unlinks') }}
    union
    select lefts.record_id, rights.record_id
    from {{ ref('int_record_links') }} as lefts
    inner join {{ ref('int_record_links') }} as rights
        on lefts.id_type = rights.id_type and lefts.id_value = rights.id_value
    where lefts.id_type in ('decision', 'merge') and lefts.record_id <> rights.record_id

)

select
    candidates.status,
    candidates.reason,
    candidates.left_record_id,
    candidates.right_record_id,
    candidates.match_probability,
    candidates.pattern
from {{ ref('int_review_candidates') }} as candidates
left join decided
    on
        least(candidates.left_record_id, candidates.right_record_id)
        = least(decided.left_record_id, decided.right_record_id)
        and greatest(candidates.left_record_id, candidates.right_record_id)
        = greatest(decided.left_record_id, decided.right_record_id)
where decided.left_record_id is null
