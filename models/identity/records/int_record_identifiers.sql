-- One row per source record and identifier it contains, normalised. Records are linked by these identifiers. E-mails
-- and phones are parsed: a value that cannot be parsed is left out. To look up an identifier as somebody wrote it, use
-- int_identifier_records.
with

records as (

    select *, record_id like 'consent:%' as is_decision
    from {{ ref('int_source_records') }}

),

-- A decision that names two addresses does not say that they are one person's: each is a record of its own.
contact_points as (

    select *, case when position > 1 then '|' || cast(position as string) else '' end as part
    from {{ ref('int_contact_points') }}
    where contact_point is not null

),

identifiers as (

    {% for id_type in ['contact_id', 'account_id', 'card_number'] %}
    select record_id, seen_at, '{{ id_type }}' as id_type, {{ id_type }} as id_value
    from records
    where {{ id_type }} is not null
    union all
    {% endfor %}
    select
        records.record_id || case when records.is_decision then emails.part else '' end, records.seen_at,
        'email', emails.contact_point
    from records
    inner join contact_points as emails on emails.kind = 'email' and records.email = emails.raw_value
    union all
    select
        records.record_id || case when records.is_decision then phones.part else '' end, records.seen_at,
        'phone', phones.contact_point
    from records
    inner join contact_points as phones
        on
            phones.kind = 'phone' and records.phone = phones.raw_value
            and records.country_code = phones.country_code

)

select
    record_id,
    id_type,
    id_value,
    seen_at
from identifiers
