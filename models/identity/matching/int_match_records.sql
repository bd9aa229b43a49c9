-- One row per contact or account that has a name, with the normalised fields that matching compares.
{% set fields = match_fields() %}
with

-- A value of the blocklist, such as a placeholder e-mail, is null.
named_records as (

    select
        records.record_id,
        records.source_system,
        {% for field in fields -%}
        {% if field in ['birth_digits', 'email', 'phone'] -%}
        case when blocked_{{ field }}.id_value is null then records.{{ field }} end as {{ field }},
        {% else -%}
        records.{{ field }},
        {% endif -%}
        {% endfor -%}
        -- The family name without vowels and letters that are easily misheard.
        substring(records.last_name, 1, 1)
        || {{ replace_all('substring(records.last_name, 2)', '[aeiouyhw]', '') }} as last_name_sound
    from {{ ref('int_normalised_records') }} as records
    {% for field, kind in {'birth_digits': 'birth_date', 'email': 'email', 'phone': 'phone'}.items() -%}
    left join {{ ref('identity_blocklist') }} as blocked_{{ field }}
        on blocked_{{ field }}.id_type = '{{ kind }}' and records.{{ field }} = blocked_{{ field }}.id_value
    {% endfor -%}
    where coalesce(records.first_name, records.last_name) is not null

),

with_name_counts as (

    select
        *,
        -- A given name that is in use, and not a misspelling of another: at least five records and one in 5,000 have
        -- it.
        count(*) over (partition by first_name) >= greatest(5, count(*) over () / 5000) as has_known_first_name
    from named_records

),

with_all_values as (

    select
        *,
        concat_ws(
            '|',
            source_system,
            cast(has_known_first_name as string),
            coalesce({{ fields | join(", ''), coalesce(") }}, '')
        ) as all_values
    from with_name_counts

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
    substring({{ sha256_hex('all_values') }}, 1, 16) as fingerprint
from with_all_values
