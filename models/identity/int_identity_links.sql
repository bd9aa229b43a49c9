-- One row per record and identifier that may link it to other records. Junk values and values that too many
-- records carry are left out. A phone that records of different first names or addresses carry may be a
-- household's: it links only together with the name.
with

records as (

    select * from {{ ref('int_identity_records') }}

),

carriers as (

    select
        id_type,
        id_value,
        count(distinct record_id) as records,
        count(distinct first_name) as first_names
    from records
    group by id_type, id_value

),

-- How many addresses the records that carry a phone have. A checkout knows no names, but two addresses may
-- be two people.
addresses as (

    select
        records.id_type,
        records.id_value,
        count(distinct emails.id_value) as emails
    from records
    inner join records as emails on records.record_id = emails.record_id and emails.id_type = 'email'
    where records.id_type = 'phone'
    group by records.id_type, records.id_value

),

linking_values as (

    select
        carriers.id_type,
        carriers.id_value,
        rules.is_shared_in_households
        and (carriers.first_names > 1 or coalesce(addresses.emails, 0) > 1) as is_shared
    from carriers
    inner join {{ ref('identity_rules') }} as rules on carriers.id_type = rules.id_type
    left join addresses
        on carriers.id_type = addresses.id_type and carriers.id_value = addresses.id_value
    left join {{ ref('identity_blocklist') }} as blocked
        on carriers.id_type = blocked.id_type and lower(carriers.id_value) = lower(blocked.id_value)
    where blocked.id_value is null and carriers.records <= rules.maximum_records

)

select
    records.record_id,
    case when linking_values.is_shared then records.id_type || ' and name' else records.id_type end as id_type,
    case
        when linking_values.is_shared then records.id_value || ' ' || records.first_name
        else records.id_value
    end as id_value,
    records.seen_at
from records
inner join linking_values
    on records.id_type = linking_values.id_type and records.id_value = linking_values.id_value
where not linking_values.is_shared or records.first_name is not null
