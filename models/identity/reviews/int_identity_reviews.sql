-- One row per pair of records, or person, that somebody should look at, most doubtful first; the answer comes back in
-- the landing table identity_decisions.
with

persons as (

    select * from {{ ref('int_people') }}

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

carrying as (

    select
        links.id_type,
        links.id_value,
        persons.person,
        min(persons.record_id) as record_id
    from {{ ref('int_identifier_links') }} as links
    inner join persons on links.record_id = persons.record_id
    where links.is_shared_in_households
    group by links.id_type, links.id_value, persons.person

),

-- What ties records of several people: the evidence is against one of the ties.
refused as (

    select
        id_type,
        min_by(record_id, person) as left_record_id,
        max_by(record_id, person) as right_record_id
    from carrying
    group by id_type, id_value
    having count(*) > 1

),

answered as (

    select left_record_id, right_record_id from {{ ref('int_steward_unlinks') }}
    union
    select lefts.record_id, rights.record_id
    from {{ ref('int_record_links') }} as lefts
    inner join {{ ref('int_record_links') }} as rights on lefts.id_value = rights.id_value
    where lefts.id_type = 'decision' and rights.id_type = 'decision' and lefts.record_id <> rights.record_id

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

),

found as (

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
        'kept apart',
        'they carry the same ' || id_type || ', and their details speak for two people',
        left_record_id,
        right_record_id,
        null,
        null
    from refused
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

)

select
    found.standing,
    found.why,
    found.left_record_id,
    found.right_record_id,
    found.match_probability,
    found.pattern
from found
left join answered
    on
        least(found.left_record_id, found.right_record_id)
        = least(answered.left_record_id, answered.right_record_id)
        and greatest(found.left_record_id, found.right_record_id)
        = greatest(answered.left_record_id, answered.right_record_id)
where answered.left_record_id is null
