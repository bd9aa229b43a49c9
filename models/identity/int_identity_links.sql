-- One row per record and identifier that may link it to other records. Junk values and values that too many records
-- carry are left out, and so is an address or number that people share: records with names that are not one person by
-- their details, or checkouts that know two addresses for one number. What such a record is linked by, its other
-- identifiers say, or its details.
with

records as (

    select * from {{ ref('int_identity_records') }}

),

carriers as (

    select
        id_type,
        id_value,
        count(distinct record_id) as records
    from records
    group by id_type, id_value

),

shareable as (

    select
        records.id_type,
        records.id_value,
        records.record_id,
        named.record_no
    from records
    inner join {{ ref('identity_rules') }} as rules on records.id_type = rules.id_type
    inner join carriers on records.id_type = carriers.id_type and records.id_value = carriers.id_value
    inner join {{ ref('int_match_records') }} as named on records.record_id = named.record_id
    where rules.is_shared_in_households and carriers.records <= rules.maximum_records

),

-- Two named records that carry one value and are not one person by what else they say.
shared_by_people as (

    select distinct
        lefts.id_type,
        lefts.id_value
    from shareable as lefts
    inner join shareable as rights on lefts.id_type = rights.id_type and lefts.id_value = rights.id_value
    left join {{ ref('int_matches') }} as matches
        on
            lefts.record_no = matches.left_no and rights.record_no = matches.right_no
            and matches.verdict = 'taken'
    where lefts.record_no < rights.record_no and matches.left_no is null

),

addresses as (

    select
        phones.id_value as phone,
        emails.id_value as email,
        bool_or(named.record_id is not null) as is_of_named
    from records as phones
    inner join records as emails on phones.record_id = emails.record_id and emails.id_type = 'email'
    left join {{ ref('int_match_records') }} as named on phones.record_id = named.record_id
    where phones.id_type = 'phone'
    group by phones.id_value, emails.id_value

),

-- A checkout knows no names, but two addresses may be two people. Of named records all are one person by now.
shared_by_checkouts as (

    select phone
    from addresses
    group by phone
    having count(case when not is_of_named then 1 end) + max(case when is_of_named then 1 else 0 end) > 1

)

select
    records.record_id,
    records.id_type,
    records.id_value,
    records.seen_at
from records
inner join carriers on records.id_type = carriers.id_type and records.id_value = carriers.id_value
inner join {{ ref('identity_rules') }} as rules on records.id_type = rules.id_type
left join shared_by_people
    on records.id_type = shared_by_people.id_type and records.id_value = shared_by_people.id_value
left join shared_by_checkouts on records.id_type = 'phone' and records.id_value = shared_by_checkouts.phone
left join {{ ref('identity_blocklist') }} as blocked
    on records.id_type = blocked.id_type and lower(records.id_value) = lower(blocked.id_value)
where
    blocked.id_value is null
    and carriers.records <= rules.maximum_records
    and shared_by_people.id_value is null
    and shared_by_checkouts.phone is null
