-- One row: how many people were found in how many records, and how sure that is.
with

persons as (

    select
        persons.person_id,
        count(*) as records,
        count(named.record_id) as named_records,
        count(distinct persons.linked_group) as linked_groups
    from {{ ref('int_people') }} as persons
    left join {{ ref('int_match_records') }} as named on persons.record_id = named.record_id
    group by persons.person_id

),

found as (

    select
        sum(named_records) as named_records,
        count(case when named_records > 0 then 1 end) as named_people,
        count(case when named_records > 1 then 1 end) as people_recorded_twice,
        count(case when linked_groups > 1 then 1 end) as people_by_details,
        max(records) as most_records
    from persons

),

matches as (

    select
        count(case when verdict = 'taken' then 1 end) as matches_taken,
        min(case when verdict = 'taken' then match_probability end) as least_probability,
        {{ exact_sum("case when verdict = 'taken' then match_probability end") }}
        / nullif(count(case when verdict = 'taken' then 1 end), 0) as expected_precision
    from {{ ref('int_matches') }}

),

learnt as (

    select
        max(case when relation = 'household' and field = 'prior' then value end) as household_share,
        max(trained_at) as trained_at
    from {{ ref('int_match_params') }}

),

reviews as (

    select count(*) as reviews
    from {{ ref('int_identity_reviews') }}

)

select
    cast(found.named_records as bigint) as named_records,
    cast(found.named_people as bigint) as named_people,
    cast(found.people_recorded_twice as bigint) as people_recorded_twice,
    cast(found.people_by_details as bigint) as people_by_details,
    cast(found.most_records as bigint) as most_records,
    cast(matches.matches_taken as bigint) as matches_taken,
    cast(matches.least_probability as double) as least_probability,
    cast(matches.expected_precision as double) as expected_precision,
    cast(learnt.household_share as double) as household_share,
    cast(learnt.trained_at as timestamp) as trained_at,
    cast(reviews.reviews as bigint) as reviews
from found
cross join matches
cross join learnt
cross join reviews
