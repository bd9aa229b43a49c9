-- One row per contact or account, with every field that matching compares in one normalised form; an empty value is
-- null.
with

source_records as (

    select
        'contact:' || contact_id as record_id,
        coalesce(source_system, 'crm') as source_system,
        first_name, last_name, street, house_number, address_2, city, region, postal_code, country_code, birth_digits,
        email, phone
    from {{ ref('stg_crm__contacts') }}
    union all
    select
        'account:' || account_id,
        'shop',
        first_name, last_name, street, house_number, address_2, city, region, postal_code, country_code, birth_digits,
        email, phone
    from {{ ref('stg_shop__accounts') }}

),

normalised as (

    select
        records.record_id,
        records.source_system,
        {{ letters_and_digits(plain_name('records.first_name')) }} as first_name,
        {{ letters_and_digits(plain_name('records.last_name')) }} as last_name,
        {{ plain_text('records.street') }} as street_line,
        {{ letters_and_digits(plain_text('records.house_number')) }} as house_number,
        {{ letters_and_digits(plain_text('records.address_2')) }} as address_2,
        {{ letters_and_digits(plain_text('records.city')) }} as city,
        {{ letters_and_digits(plain_text('records.region')) }} as region,
        {{ letters_and_digits(plain_text('records.postal_code')) }} as postal_code,
        records.birth_digits,
        emails.contact_point as email,
        phones.contact_point as phone
    from source_records as records
    left join {{ ref('int_contact_points') }} as emails
        on emails.kind = 'email' and emails.position = 1 and records.email = emails.raw_value
    left join {{ ref('int_contact_points') }} as phones
        on
            phones.kind = 'phone' and phones.position = 1 and records.phone = phones.raw_value
            and coalesce(records.country_code, '') = phones.country_code

)

select
    record_id,
    source_system,
    nullif(first_name, '') as first_name,
    nullif(last_name, '') as last_name,
    nullif({{ letters_and_digits(street_name('street_line')) }}, '') as street,
    coalesce(nullif(house_number, ''), {{ house_number('street_line') }}) as house_number,
    nullif(address_2, '') as address_2,
    nullif(city, '') as city,
    nullif(region, '') as region,
    nullif(postal_code, '') as postal_code,
    birth_digits,
    email,
    phone
from normalised
