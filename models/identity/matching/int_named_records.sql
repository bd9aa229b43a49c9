-- One row per contact or account that has a name, with the normalised fields that matching may compare. A value of the
-- blocklist, such as a placeholder e-mail, is null.
{% set fields = match_fields() -%}
{% set listed = {
    'birth_digits': 'birth_date', 'email': 'email', 'phone': 'phone', 'first_name': 'name', 'last_name': 'name'
} -%}
with

-- As the fields are normalised: two listed values can then be one.
blocked as (

    select distinct
        id_type,
        case id_type
            when 'name' then {{ without_umlaut_e('lower(id_value)') }}
            when 'email' then {{ mailbox('lower(id_value)') }}
            else id_value
        end as id_value
    from {{ ref('identity_blocklist') }}

),

records as (

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
        records.generation,
        -- Guest is also a family name: a name is a placeholder only where both parts are on the list, or the only one.
        (records.first_name is null or blocked_first_name.id_value is not null)
        and (records.last_name is null or blocked_last_name.id_value is not null) as has_placeholder_name
    from {{ ref('int_normalised_records') }} as records
    {% for field, kind in listed.items() -%}
    left join blocked as blocked_{{ field }}
        on blocked_{{ field }}.id_type = '{{ kind }}' and records.{{ field }} = blocked_{{ field }}.id_value
    {% endfor %}
    where coalesce(records.first_name, records.last_name) is not null

)

select
    record_id,
    source_system,
    {% for field in fields -%}
    {{ field }},
    {% endfor -%}
    generation,
    has_placeholder_name,
    -- A given name that is in use, and not a misspelling of another: at least five records and one in 5,000 have it.
    count(*) over (partition by first_name) >= greatest(5, count(*) over () / 5000) as has_known_first_name
from records
