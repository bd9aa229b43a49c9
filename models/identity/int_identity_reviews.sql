-- One row per pair of records, or person, that somebody should look at, most doubtful first; the answer comes back in
-- the landing table identity_decisions.
with

persons as (

    select * from {{ ref('int_identity_persons') }}

),

matches as (

    select
        matches.*,
        lefts.person as left_person,
        rights.person as right_person
    from {{ ref('int_matches') }} as matches
    inner join persons as lefts on matches.left_record_id = lefts.record_id
    inner join persons as rights on matches.right_record_id = rights.record_id

),

named as (

    select
        persons.person,
        min(persons.record_id) as first_record_id,
        max(persons.record_id) as last_record_id,
        count(*) as records
    from persons
    inner join {{ ref('int_match_records') }} as records on persons.record_id = records.record_id
    group by persons.person

)

select
    'kept apart' as standing,
    verdict as why,
    left_record_id,
    right_record_id,
    match_probability,
    pattern
from matches
where verdict <> 'taken' and left_person <> right_person
union all
select
    'kept apart',
    'their details match, and those of other records of theirs do not, or a steward said so',
    left_record_id,
    right_record_id,
    match_probability,
    pattern
from matches
where verdict = 'taken' and left_person <> right_person
union all
select
    'one person',
    'the weakest of the matches that were taken',
    left_record_id,
    right_record_id,
    match_probability,
    pattern
from matches
where verdict = 'taken' and left_person = right_person and match_probability < 0.95
union all
select
    'one person',
    'more named records than one person mostly has: ' || cast(records as string),
    first_record_id,
    last_record_id,
    null,
    null
from named
where records > 10
