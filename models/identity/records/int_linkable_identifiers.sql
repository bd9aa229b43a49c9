-- One row per record and identifier that may say something of who it is: neither junk nor carried by too many records.
with

records as (

    select * from {{ ref('int_record_identifiers') }}

),

carriers as (

    select
        id_type,
        id_value,
        count(distinct record_id) as records
    from records
    group by id_type, id_value

)

select
    records.record_id,
    records.id_type,
    records.id_value,
    records.seen_at,
    rules.is_shared_in_households,
    cast(rules.tie_weight as double) as tie_weight
from records
inner join carriers on records.id_type = carriers.id_type and records.id_value = carriers.id_value
inner join {{ ref('identity_rules') }} as rules on records.id_type = rules.id_type
left join {{ ref('identity_blocklist') }} as blocked
    on records.id_type = blocked.id_type and lower(records.id_value) = lower(blocked.id_value)
where blocked.id_value is null and carriers.records <= rules.maximum_records
