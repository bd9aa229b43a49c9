-- One row per name, birth date, e-mail or phone that many people have, in a way that no value of a person is spread,
-- such as the name "Guest Guest", 1900-01-01 or the e-mail of an office. Such a value is no evidence.
{# From so many people on. A birth date, also so many times as frequent as others. -#}
{% set many, times = 10, 20 -%}
with

records as (

    select * from {{ ref('int_named_records') }}
    where not has_placeholder_name

),

-- Typing errors of one person rarely change the year of their birth, or the first letters of a name or address.
full_names as (

    select
        first_name,
        last_name,
        count(*) as records,
        greatest(
            count(distinct substring(email, 1, 4)),
            count(distinct substring(phone, length(phone) - 3)),
            count(distinct substring(birth_digits, 1, 4))
        ) as people
    from records
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

birth_dates as (

    select
        birth_digits,
        count(distinct last_name) as people
    from records
    where birth_digits is not null
    group by birth_digits
    qualify count(*) >= {{ times }} * avg(count(*)) over ()

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
