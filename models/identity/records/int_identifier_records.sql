-- One row per identifier as a source may write it and record that carries it, linked by it or not. A refusal or
-- a request to be forgotten that names a household's phone counts for everybody whose record carries it.
with

spellings as (

    select
        id_type,
        id_value,
        id_value as raw_value
    from {{ ref('int_record_identifiers') }}
    where id_type not in ('email', 'phone')
    union
    select
        kind,
        contact_point,
        raw_value
    from {{ ref('int_contact_points') }}
    where contact_point is not null

)

select distinct
    spellings.id_type,
    spellings.raw_value,
    records.record_id
from spellings
inner join {{ ref('int_record_identifiers') }} as records
    on spellings.id_type = records.id_type and spellings.id_value = records.id_value
