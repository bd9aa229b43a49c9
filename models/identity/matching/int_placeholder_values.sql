-- One row per name, birth date, e-mail or phone that many people have, in a way that no value of a person is spread,
-- such as the name "Guest Guest", 1900-01-01 or the e-mail of an office. Such a value is no evidence.
{# From so many people on. A birth date, also so many times as frequent as others. -#}
{% set many, times = 10, 20 %}
{% set parts = {
    'email': 'substring(email, 1, 4)',
    'phone': 'substring(phone, length(phone) - 3)',
    'birth_digits': 'substring(birth_digits, 1, 4)'
} -%}
with

records as (

    select * from {{ ref('int_named_records') }}
    where not has_placeholder_name

),

birth_dates as (

    select
        birth_digits,
        count(distinct last_name) as people
    from records
    where birth_digits is not null
    group by birth_digits
    qualify people >= {{ many }} and count(*) >= {{ times }} * avg(count(*)) over ()

),

own_dates as (

    select
        records.first_name,
        records.last_name,
        records.email,
        records.phone,
        case when birth_dates.birth_digits is null then records.birth_digits end as birth_digits
    from records
    left join birth_dates on records.birth_digits = birth_dates.birth_digits

),

-- Typing errors of one person rarely change the year of their birth, or the first letters of a name or address.
full_names as (

    select
        first_name,
        last_name,
        count(*) as records,
        -- By every field that most of them have: one person may have many e-mails, but not with many phones.
        least(
            {% for field, part in parts.items() %}
            case when 2 * count({{ field }}) >= count(*) then count(distinct {{ part }}) end{{ ',' if not loop.last }}
            {% endfor %}
        ) as people
    from own_dates
    where first_name is not null and last_name is not null
    group by first_name, last_name

),

-- Many people are called Muhammad, and many Khan, but most of them have another name with it.
placeholder_names as (

    select *
    from full_names
    qualify
        people >= {{ many }}
        and records > sum(records) over (partition by first_name) / 2.0
        and records > sum(records) over (partition by last_name) / 2.0

),

addresses as (

    {% for field in ['email', 'phone'] -%}
    select
        '{{ field }}' as field,
        {{ field }} as value,
        least(count(distinct substring(first_name, 1, 3)), count(distinct substring(last_name, 1, 3))) as people
    from records
    where {{ field }} is not null
    group by {{ field }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

placeholders as (

    select
        'name' as field,
        first_name || ' ' || last_name as value,
        people
    from placeholder_names
    union all
    select 'birth_digits', birth_digits, people from birth_dates
    union all
    select field, value, people from addresses

)

select field, value, people
from placeholders
where people >= {{ many }}
