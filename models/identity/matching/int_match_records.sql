-- One row per contact or account that has a name, with the normalised fields that matching compares. A placeholder that
-- many people have is null, and a record whose name is one is left out.
{% set fields = match_fields() -%}
{% set shared_fields = ['birth_digits', 'email', 'phone'] -%}
with

own_values as (

    select
        records.record_id,
        records.source_system,
        {% for field in fields -%}
        {% if field in shared_fields -%}
        case when shared_{{ field }}.value is null then records.{{ field }} end as {{ field }},
        {% else -%}
        records.{{ field }},
        {% endif -%}
        {% endfor -%}
        records.generation,
        -- The family name without vowels and letters that are easily misheard.
        substring(records.last_name, 1, 1)
        || {{ replace_all('substring(records.last_name, 2)', '[aeiouyhw]', '') }} as last_name_sound,
        records.has_known_first_name
    from {{ ref('int_named_records') }} as records
    {% for field in shared_fields -%}
    left join {{ ref('int_placeholder_values') }} as shared_{{ field }}
        on shared_{{ field }}.field = '{{ field }}' and records.{{ field }} = shared_{{ field }}.value
    {% endfor -%}
    left join {{ ref('int_placeholder_values') }} as names
        on names.field = 'name' and records.first_name || ' ' || records.last_name = names.value
    where names.value is null and not records.has_placeholder_name

),

with_all_values as (

    select
        *,
        concat_ws(
            '|',
            source_system,
            cast(has_known_first_name as string),
            coalesce(generation, ''),
            coalesce({{ fields | join(", ''), coalesce(") }}, '')
        ) as all_values
    from own_values

)

select
    row_number() over (order by record_id) as record_no,
    record_id,
    source_system,
    {% for field in fields -%}
    {{ field }},
    {% endfor -%}
    generation,
    last_name_sound,
    has_known_first_name,
    substring({{ sha256_hex('all_values') }}, 1, 16) as fingerprint
from with_all_values
