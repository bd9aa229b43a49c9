-- One row per source record of a customer, with the profile fields it has and its precedence. Systems are trusted in
-- the order of seeds/identity_sources.csv: an account or a CRM contact before what was typed at a checkout. A record
-- that its source merged into another one has no say.
with

customers as (

    select records.record_id, records.customer_key
    from {{ ref('int_record_customers') }} as records
    inner join (select distinct customer_key from {{ ref('int_identifiers') }}) as current_customers
        on records.customer_key = current_customers.customer_key

),

records as (

    select
        'contact_id' as id_type,
        contact_id as id_value,
        contact_id,
        account_id,
        email,
        phone,
        first_name,
        last_name,
        birth_date,
        city,
        region,
        postal_code,
        country_code,
        age_band,
        income_band,
        household_size,
        kids_count,
        updated_at,
        'contact:' || contact_id as record_id,
        coalesce(source_system, 'crm') as source_system
    from {{ ref('stg_crm__contacts') }}
    where merged_into_id is null
    union all
    select
        'account_id', account_id, null, account_id, email, phone, first_name, last_name,
        birth_date, city, region, postal_code, country_code, null, null, null, null, updated_at,
        'account:' || account_id, 'shop'
    from {{ ref('stg_shop__accounts') }}
    where merged_into_id is null
    union all
    select
        case
            when account_id is not null then 'account_id'
            when card_number is not null then 'card_number'
            when email is not null then 'email'
            else 'phone'
        end,
        coalesce(account_id, card_number, email, phone), null, account_id, email, phone, null, null,
        null, null, null, null, country_code, null, null, null, null, last_ordered_at, record_id, 'checkout'
    from {{ ref('int_checkout_records') }}
    union all
    select
        'email', id_value, null, null, id_value, null, null, null,
        null, null, null, null, null, null, null, null, null, max(decided_at), 'consent:email|' || id_value, 'consent'
    from {{ ref('stg_consent__events') }}
    where id_type = 'email'
    group by id_value

)

select
    customers.customer_key,
    records.contact_id,
    records.account_id,
    emails.contact_point as email,
    phones.contact_point as phone,
    records.first_name,
    records.last_name,
    records.birth_date,
    records.city,
    records.region,
    records.postal_code,
    records.country_code,
    records.age_band,
    records.income_band,
    records.household_size,
    records.kids_count,
    records.record_id,
    records.source_system,
    records.updated_at,
    -- A text that sorts records by trust, then by time, then by their identifiers: the highest wins.
    lpad(cast(coalesce(sources.trust, 1) as string), 3, '0')
    || coalesce(cast(records.updated_at as string), '0')
    || '|' || records.id_type || '|' || records.id_value
    || '|' || coalesce(records.email, '')
    || '|' || coalesce(records.phone, '')
    || '|' || coalesce(records.country_code, '') as precedence
from records
inner join customers on records.record_id = customers.record_id
left join {{ ref('identity_sources') }} as sources on records.source_system = sources.source_system
left join {{ ref('int_contact_points') }} as emails
    on emails.kind = 'email' and emails.position = 1 and records.email = emails.raw_value
left join {{ ref('int_contact_points') }} as phones
    on
        phones.kind = 'phone' and phones.position = 1 and records.phone = phones.raw_value
        and coalesce(records.country_code, '') = phones.country_code
