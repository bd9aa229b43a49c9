-- One row per record and identifier that links the record to others. Left out are e-mails and phones that several
-- people share: two named records contain them and no strong link connects these records, or checkouts give the same
-- phone with different e-mails. Such records are linked by their other identifiers or by their details.
with

identifiers as (

    select * from {{ ref('int_linkable_identifiers') }}

),

-- A record without any strong link is a group of its own. Records whose name is a placeholder, such as Guest, are
-- distinguished by their birth date or street.
named_records as (

    select
        records.record_id,
        case
            when own_names.record_id is not null then coalesce(cast(components.component as string), records.record_id)
        end as strong_group,
        case when own_names.record_id is null then records.birth_digits end as birth_digits,
        case when own_names.record_id is null then records.street end as street
    from {{ ref('int_named_records') }} as records
    left join {{ ref('int_match_records') }} as own_names on records.record_id = own_names.record_id
    left join {{ ref('int_strong_link_components') }} as components on records.record_id = components.record_id

),

shared_by_named_records as (

    select
        identifiers.id_type,
        identifiers.id_value
    from identifiers
    inner join named_records on identifiers.record_id = named_records.record_id
    where identifiers.is_shared_in_households
    group by identifiers.id_type, identifiers.id_value
    having
        count(distinct named_records.strong_group) > 1
        or count(distinct named_records.birth_digits) > 1
        or count(distinct named_records.street) > 1

),

phone_emails as (

    select
        phones.id_value as phone,
        emails.id_value as email,
        bool_or(named_records.record_id is not null) as is_in_named_record
    from identifiers as phones
    inner join identifiers as emails on phones.record_id = emails.record_id and emails.id_type = 'email'
    left join named_records on phones.record_id = named_records.record_id
    where phones.id_type = 'phone'
    group by phones.id_value, emails.id_value

),

-- Checkouts have no names, so two e-mails may be two people. E-mails in named records count as one: where their records
-- are several people, shared_by_named_records has the phone.
shared_by_checkouts as (

    select
        'phone' as id_type,
        phone as id_value
    from phone_emails
    group by phone
    having
        count(case when not is_in_named_record then 1 end)
        + max(case when is_in_named_record then 1 else 0 end) > 1

),

shared as (

    select id_type, id_value from shared_by_named_records
    union
    select id_type, id_value from shared_by_checkouts

)

select
    identifiers.record_id,
    identifiers.id_type,
    identifiers.id_value,
    identifiers.seen_at,
    identifiers.is_shared_in_households,
    identifiers.link_weight
from identifiers
left join shared on identifiers.id_type = shared.id_type and identifiers.id_value = shared.id_value
where shared.id_value is null
