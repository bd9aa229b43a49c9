-- One row per identifier, as a source may write it, and record that contains it, whether it links the record or not.
-- Erasure requests find their records here: one that names a household's phone applies to every record that contains
-- the phone. An id that is not one person's, such as a company's account, names nobody.
with

written_forms as (

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
    written_forms.id_type,
    written_forms.raw_value,
    records.record_id
from written_forms
inner join {{ ref('int_record_identifiers') }} as records
    on written_forms.id_type = records.id_type and written_forms.id_value = records.id_value
left join {{ ref('int_shared_ids') }} as shared_ids
    on written_forms.id_type = shared_ids.id_type and written_forms.id_value = shared_ids.id_value
where shared_ids.id_value is null
