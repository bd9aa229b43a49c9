-- One row per request to be forgotten and identifier, as sources write it, that names the person; and what the
-- request itself names, whether it led to anybody or not.
with

requests as (

    select * from {{ ref('stg_consent__erasure_requests') }}

),

people as (

    select * from {{ ref('int_erased_people') }}

),

-- An address that ties nobody names a person all the same, if no record of anybody else carries it.
only_theirs as (

    select
        min(customers.customer_key) as customer_key,
        records.id_type,
        records.id_value
    from {{ ref('int_record_identifiers') }} as records
    left join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
    left join {{ ref('identity_blocklist') }} as blocked
        on records.id_type = blocked.id_type and lower(records.id_value) = lower(blocked.id_value)
    where blocked.id_value is null
    group by records.id_type, records.id_value
    having count(distinct coalesce(customers.customer_key, 'record ' || records.record_id)) = 1

),

identifiers as (

    select customer_key, id_type, id_value from {{ ref('int_identifier_keys') }}
    union
    select customer_key, id_type, id_value from only_theirs
    where customer_key is not null

),

spellings as (

    select customer_key, id_type, id_value as raw_value, '' as country_code
    from identifiers
    union
    select
        identifiers.customer_key,
        points.kind,
        points.raw_value,
        points.country_code
    from identifiers
    inner join {{ ref('int_contact_points') }} as points
        on identifiers.id_type = points.kind and identifiers.id_value = points.contact_point
    union
    -- A device they logged in on, also where others do: what was done there unnamed may be theirs.
    select
        logins.customer_key,
        'anonymous_id',
        events.anonymous_id,
        ''
    from {{ ref('stg_web__events') }} as events
    inner join {{ ref('int_identifier_keys') }} as logins
        on logins.id_type = 'account_id' and events.account_id = logins.id_value
    where events.anonymous_id is not null

)

select
    cast(people.request_id as string) as request_id,
    cast(people.customer_key as string) as customer_key,
    cast(people.is_former_key as boolean) as is_former_key,
    cast(spellings.id_type as string) as id_type,
    cast(spellings.raw_value as string) as raw_value,
    cast(spellings.country_code as string) as country_code
from people
inner join spellings on people.customer_key = spellings.customer_key
union
select
    people.request_id,
    people.customer_key,
    people.is_former_key,
    requests.id_type,
    requests.id_value,
    ''
from people
inner join requests on people.request_id = requests.request_id
