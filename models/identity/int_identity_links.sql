-- One row per record and identifier that may link it to other records: junk values, values that too
-- many records carry, and numbers that persons with different initials share, are left out.
with

records as (

    select * from {{ ref('int_identity_records') }}

),

rules as (

    select * from {{ ref('identity_rules') }}

),

blocked as (

    select id_type, id_value from {{ ref('identity_blocklist') }}

),

carriers as (

    select
        id_type,
        id_value,
        count(distinct record_id) as records,
        count(distinct first_initial) as initials
    from records
    group by id_type, id_value

),

linking_values as (

    select carriers.id_type, carriers.id_value
    from carriers
    inner join rules on carriers.id_type = rules.id_type
    left join blocked
        on carriers.id_type = blocked.id_type and lower(carriers.id_value) = lower(blocked.id_value)
    where
        blocked.id_value is null
        and carriers.records <= rules.maximum_records
        and (carriers.initials <= 1 or not rules.is_shared_in_households)

)

select
    records.record_id,
    records.id_type,
    records.id_value,
    records.seen_at
from records
inner join linking_values
    on records.id_type = linking_values.id_type and records.id_value = linking_values.id_value
