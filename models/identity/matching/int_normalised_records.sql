-- One row per contact or account, with every field that matching compares in one normalised form, in the letters a to
-- z. An empty value is null.
{% set texts = ['first_name', 'last_name', 'street', 'house_number', 'address_2', 'city', 'region', 'postal_code'] -%}
with

details as (

    select * from {{ ref('int_record_details') }}

),

latin_details as (

    select * from {{ ref('int_latin_details') }}

),

in_letters as (

    select
        details.record_id,
        details.source_system,
        {% for text in texts -%}
        case
            when latin_details.record_id is null then trim(lower(details.{{ text }})) else latin_details.{{ text }}
        end as {{ text }},
        {% endfor -%}
        details.country_code,
        details.birth_digits,
        details.email,
        details.phone
    from details
    left join latin_details on details.record_id = latin_details.record_id

),

normalised as (

    select
        records.record_id,
        records.source_system,
        {{ letters_and_digits(without_umlaut_e(name_alone('records.first_name'))) }} as first_name,
        {{ letters_and_digits(without_umlaut_e(name_alone('records.last_name'))) }} as last_name,
        coalesce({{ generation('records.last_name') }}, {{ generation('records.first_name') }}) as generation,
        {{ without_umlaut_e('records.street') }} as street_line,
        {{ letters_and_digits('records.house_number') }} as house_number,
        {{ letters_and_digits('records.address_2') }} as address_2,
        {{ letters_and_digits(without_umlaut_e('records.city')) }} as city,
        {{ letters_and_digits(without_umlaut_e('records.region')) }} as region,
        {{ letters_and_digits('records.postal_code') }} as postal_code,
        records.birth_digits,
        {{ mailbox('emails.contact_point') }} as email,
        phones.contact_point as phone
    from in_letters as records
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
    generation,
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
