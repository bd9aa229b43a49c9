-- One row: how many people the records belong to, and how certain that is.
with

people as (

    select
        people.person_id,
        count(*) as records,
        count(named.record_id) as named_records,
        count(distinct people.linked_group) as linked_groups
    from {{ ref('int_person_records') }} as people
    left join {{ ref('int_match_records') }} as named on people.record_id = named.record_id
    group by people.person_id

),

counts as (

    select
        sum(named_records) as named_records,
        count(case when named_records > 0 then 1 end) as named_people,
        count(case when named_records > 1 then 1 end) as people_recorded_twice,
        count(case when linked_groups > 1 then 1 end) as people_by_details,
        max(records) as most_records
    from people

),

matches as (

    select
        count(case when verdict = 'taken' then 1 end) as matches_taken,
        min(case when verdict = 'taken' then match_probability end) as least_probability,
        {{ exact_mean("case when verdict = 'taken' then match_probability end") }} as expected_precision
    from {{ ref('int_matches') }}

),

training as (

    select
        max(case when relation = 'household' and field = 'prior' then value end) as household_share,
        max(trained_at) as trained_at
    from {{ ref('int_match_params') }}

),

placeholders as (

    select
        (select count(*) from {{ ref('int_named_records') }}) - (select count(*) from {{ ref('int_match_records') }})
            as placeholder_names,
        (select count(*) from {{ ref('int_placeholder_values') }}) as placeholder_values

),

reviews as (

    select count(*) as reviews
    from {{ ref('int_identity_reviews') }}

)

select
    cast(counts.named_records as bigint) as named_records,
    counts.named_people,
    counts.people_recorded_twice,
    counts.people_by_details,
    counts.most_records,
    matches.matches_taken,
    matches.least_probability,
    matches.expected_precision,
    training.household_share,
    training.trained_at,
    placeholders.placeholder_names,
    placeholders.placeholder_values,
    reviews.reviews
from counts
cross join matches
cross join training
cross join placeholders
cross join reviews
