-- One row per record and identifier that can link the record to others. Left out are the values of the blocklist, ids
-- of several people, and values that more records contain than their kind of identifier allows.
with

records as (

    select * from {{ ref('int_record_identifiers') }}

),

record_counts as (

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
    rules.link_weight
from records
inner join record_counts
    on records.id_type = record_counts.id_type and records.id_value = record_counts.id_value
inner join {{ ref('identity_rules') }} as rules on records.id_type = rules.id_type
left join {{ ref('identity_blocklist') }} as blocked
    on records.id_type = blocked.id_type and lower(records.id_value) = lower(blocked.id_value)
left join {{ ref('int_shared_ids') }} as shared_ids
    on records.id_type = shared_ids.id_type and records.id_value = shared_ids.id_value
where
    blocked.id_value is null
    and shared_ids.id_value is null
    and record_counts.records <= rules.maximum_records
