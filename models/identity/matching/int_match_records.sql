-- One row per contact or account that has a name, with what it is compared by in one spelling.
{% set fields = match_fields() %}
with

people as (

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

spelled as (

    select
        people.record_id,
        people.source_system,
        {{ letters_and_digits(plain_name('people.first_name')) }} as first_name,
        {{ letters_and_digits(plain_name('people.last_name')) }} as last_name,
        {{ plain_text('people.street') }} as street_line,
        {{ letters_and_digits(plain_text('people.house_number')) }} as house_number,
        {{ letters_and_digits(plain_text('people.address_2')) }} as address_2,
        {{ letters_and_digits(plain_text('people.city')) }} as city,
        {{ letters_and_digits(plain_text('people.region')) }} as region,
        {{ letters_and_digits(plain_text('people.postal_code')) }} as postal_code,
        people.birth_digits,
        emails.contact_point as email,
        phones.contact_point as phone
    from people
    left join {{ ref('int_contact_points') }} as emails
        on emails.kind = 'email' and people.email = emails.raw_value
    left join {{ ref('int_contact_points') }} as phones
        on
            phones.kind = 'phone' and people.phone = phones.raw_value
            and coalesce(people.country_code, '') = phones.country_code

),

compared as (

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
    from spelled

),

-- What many type who give nothing away says nothing.
told as (

    select
        compared.record_id,
        compared.source_system,
        {% for field in fields -%}
        {% if field in ['birth_digits', 'email', 'phone'] -%}
        case when blocked_{{ field }}.id_value is null then compared.{{ field }} end as {{ field }},
        {% else -%}
        compared.{{ field }},
        {% endif -%}
        {% endfor -%}
        -- A family name without what is easily misheard.
        substring(compared.last_name, 1, 1)
        || {{ replace_all('substring(compared.last_name, 2)', '[aeiouyhw]', '') }} as last_name_sound
    from compared
    {% for field, kind in {'birth_digits': 'birth_date', 'email': 'email', 'phone': 'phone'}.items() -%}
    left join {{ ref('identity_blocklist') }} as blocked_{{ field }}
        on blocked_{{ field }}.id_type = '{{ kind }}' and compared.{{ field }} = blocked_{{ field }}.id_value
    {% endfor -%}
    where coalesce(compared.first_name, compared.last_name) is not null

),

familiar as (

    select
        *,
        -- A given name in use, and no slip of another: five and more have it, and one in 5,000.
        count(*) over (partition by first_name) >= greatest(5, count(*) over () / 5000) as has_known_first_name
    from told

),

written as (

    select
        *,
        concat_ws(
            '|',
            source_system,
            cast(has_known_first_name as string),
            coalesce({{ fields | join(", ''), coalesce(") }}, '')
        ) as all_told
    from familiar

)

select
    row_number() over (order by record_id) as record_no,
    record_id,
    source_system,
    {% for field in fields -%}
    {{ field }},
    {% endfor -%}
    last_name_sound,
    has_known_first_name,
    substring({{ sha256_hex('all_told') }}, 1, 16) as fingerprint
from written
