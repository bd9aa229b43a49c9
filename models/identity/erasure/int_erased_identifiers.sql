-- One row per erasure request, customer key it erases and identifier of that customer, as sources write it. The
-- identifiers that the request itself names are included, whether the request matches a customer or not.
with

requests as (

    select * from {{ ref('stg_consent__erasure_requests') }}

),

erased_people as (

    select * from {{ ref('int_erased_people') }}

),

-- An identifier that links no records belongs to the customer all the same, if no record of anybody else contains it.
unshared_identifiers as (

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
    select customer_key, id_type, id_value from unshared_identifiers
    where customer_key is not null

),

written_forms as (

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
    -- A device they logged in on, even one that others log in on: its events without a login may be theirs.
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
    erased_people.request_id,
    erased_people.customer_key,
    erased_people.is_merged_key,
    written_forms.id_type,
    written_forms.raw_value,
    written_forms.country_code
from erased_people
inner join written_forms on erased_people.customer_key = written_forms.customer_key
union
select
    erased_people.request_id,
    erased_people.customer_key,
    erased_people.is_merged_key,
    requests.id_type,
    requests.id_value,
    ''
from erased_people
inner join requests on erased_people.request_id = requests.request_id
left join {{ ref('int_shared_ids') }} as shared_ids
    on requests.id_type = shared_ids.id_type and requests.id_value = shared_ids.id_value
where shared_ids.id_value is null
