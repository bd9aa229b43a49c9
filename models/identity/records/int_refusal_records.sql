-- One row per identifier, as a source may write it, and record that a refusal through it counts for. That is every
-- record that contains the identifier, and for an e-mail every record with another spelling of the same mailbox,
-- because a platform would reach the person by that. A refusal also counts for an address in doubt.
with

refused_values as (

    select distinct
        identifiers.id_type,
        identifiers.id_value as raw_value,
        identifiers.id_value as refused_value
    from {{ ref('int_record_identifiers') }} as identifiers
    left join {{ ref('int_shared_ids') }} as shared_ids
        on identifiers.id_type = shared_ids.id_type and identifiers.id_value = shared_ids.id_value
    where
        identifiers.id_type not in ('email', 'phone')
        -- One refusal with the login 'undefined' is not that of everybody with it.
        and coalesce(shared_ids.reason, '') <> 'placeholder'
    union
    select
        kind,
        raw_value,
        case
            when kind = 'email' then {{ mailbox('coalesce(contact_point, doubtful_point)') }}
            else coalesce(contact_point, doubtful_point)
        end
    from {{ ref('int_contact_points') }}
    where coalesce(contact_point, doubtful_point) is not null

),

records as (

    select
        record_id,
        id_type,
        case when id_type = 'email' then {{ mailbox('id_value') }} else id_value end as refused_value
    from {{ ref('int_record_identifiers') }}

)

select distinct
    refused_values.id_type,
    refused_values.raw_value,
    records.record_id
from refused_values
inner join records
    on refused_values.id_type = records.id_type and refused_values.refused_value = records.refused_value
