-- One row per pair of records whose result is doubtful, with the reason: they are two people although something speaks
-- for one, or one person on weak evidence or with many records.
with

people as (

    select * from {{ ref('int_person_records') }}

),

matches as (

    select
        matches.*,
        lefts.person_id as left_person_id,
        rights.person_id as right_person_id
    from {{ ref('int_matches') }} as matches
    inner join people as lefts on matches.left_record_id = lefts.record_id
    inner join people as rights on matches.right_record_id = rights.record_id

),

record_counts as (

    select
        people.person_id,
        min(people.record_id) as first_record_id,
        max(people.record_id) as last_record_id,
        count(*) as records
    from people
    inner join {{ ref('int_match_records') }} as records on people.record_id = records.record_id
    group by people.person_id

)

select
    'not merged' as status,
    verdict as reason,
    left_record_id,
    right_record_id,
    match_probability,
    pattern
from matches
where verdict <> 'taken' and left_person_id <> right_person_id
union all
select
    'not merged',
    'their details match, but other records or a steward speak against it',
    left_record_id,
    right_record_id,
    match_probability,
    pattern
from matches
where verdict = 'taken' and left_person_id <> right_person_id
union all
select
    'not merged',
    'they share the ' || id_type || ', but their details speak for two people',
    left_record_id,
    right_record_id,
    null,
    null
from {{ ref('int_contested_identifiers') }}
union all
select
    'one person',
    'one of the weakest matches that were accepted',
    left_record_id,
    right_record_id,
    match_probability,
    pattern
from matches
where verdict = 'taken' and left_person_id = right_person_id and match_probability < 0.95
union all
select
    'one person',
    'more named records than most people have: ' || cast(records as string),
    first_record_id,
    last_record_id,
    null,
    null
from record_counts
where records > 10
