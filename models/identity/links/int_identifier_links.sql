-- One row per record and identifier that may link it to other records. Left out is an address or number that people
-- share: records with names that nothing firm makes one person, or checkouts that know two addresses for one number.
-- What such a record is linked by, its other identifiers say, or its details.
with

identifiers as (

    select * from {{ ref('int_linkable_identifiers') }}

),

named as (

    select
        records.record_id,
        coalesce(cast(components.component as string), records.record_id) as firm_person
    from {{ ref('int_match_records') }} as records
    left join {{ ref('int_strong_link_components') }} as components on records.record_id = components.record_id

),

shared_by_people as (

    select
        identifiers.id_type,
        identifiers.id_value
    from identifiers
    inner join named on identifiers.record_id = named.record_id
    where identifiers.is_shared_in_households
    group by identifiers.id_type, identifiers.id_value
    having count(distinct named.firm_person) > 1

),

addresses as (

    select
        phones.id_value as phone,
        emails.id_value as email,
        bool_or(named.record_id is not null) as is_of_named
    from identifiers as phones
    inner join identifiers as emails on phones.record_id = emails.record_id and emails.id_type = 'email'
    left join named on phones.record_id = named.record_id
    where phones.id_type = 'phone'
    group by phones.id_value, emails.id_value

),

-- A checkout knows no names, but two addresses may be two people. Of named records all are one person by now.
shared_by_checkouts as (

    select
        'phone' as id_type,
        phone as id_value
    from addresses
    group by phone
    having count(case when not is_of_named then 1 end) + max(case when is_of_named then 1 else 0 end) > 1

),

shared as (

    select id_type, id_value from shared_by_people
    union
    select id_type, id_value from shared_by_checkouts

)

select
    identifiers.record_id,
    identifiers.id_type,
    identifiers.id_value,
    identifiers.seen_at,
    identifiers.is_shared_in_households,
    identifiers.tie_weight
from identifiers
left join shared on identifiers.id_type = shared.id_type and identifiers.id_value = shared.id_value
where shared.id_value is null
