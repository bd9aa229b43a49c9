-- One row per decision that a column states and record that it counts for: its own, and for a refusal every record with
-- the same mailbox or phone, because a message to that would reach the person who refused.
with

decisions as (

    select * from {{ ref('int_column_decisions') }}

),

identifiers as (

    select
        record_id,
        id_type,
        case when id_type = 'email' then {{ mailbox('id_value') }} else id_value end as reached_value
    from {{ ref('int_linkable_identifiers') }}
    where id_type in ('email', 'phone')
    union
    -- An address in doubt links nothing, and still counts for a refusal.
    select records.record_id, 'email', {{ mailbox('points.doubtful_point') }}
    from {{ ref('int_source_records') }} as records
    inner join {{ ref('int_contact_points') }} as points
        on points.kind = 'email' and records.email = points.raw_value
    where points.doubtful_point is not null

)

select
    record_id,
    record_id as decided_record_id,
    purpose,
    status,
    decided_at,
    consent_source
from decisions
union
select
    others.record_id,
    decisions.record_id,
    decisions.purpose,
    decisions.status,
    decisions.decided_at,
    decisions.consent_source
from decisions
inner join identifiers as own on decisions.record_id = own.record_id
inner join identifiers as others
    on own.id_type = others.id_type and own.reached_value = others.reached_value
where
    decisions.status = 'denied'
    and (own.id_type = 'email' or decisions.purpose not in ('email_marketing', 'newsletter'))
    and (own.id_type = 'phone' or decisions.purpose <> 'sms_marketing')
