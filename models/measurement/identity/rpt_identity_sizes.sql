-- One row per number of named records (CRM contacts and shop accounts) of one person; ten means ten or more.
with

people as (

    select people.person_id, count(*) as records
    from {{ ref('int_person_records') }} as people
    inner join {{ ref('int_match_records') }} as named on people.record_id = named.record_id
    group by people.person_id

)

select
    cast(least(records, 10) as bigint) as records,
    count(*) as people
from people
group by least(records, 10)
