-- One row per number of CRM contacts and shop logins that are one customer, ten and more together.
with

persons as (

    select persons.person_id, count(*) as records
    from {{ ref('int_people') }} as persons
    inner join {{ ref('int_match_records') }} as named on persons.record_id = named.record_id
    group by persons.person_id

)

select
    cast(least(records, 10) as bigint) as records,
    cast(count(*) as bigint) as people
from persons
group by least(records, 10)
