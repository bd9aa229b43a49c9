{#- A house number stands before or behind its street, where it has no column of its own: 12 Elm St, Ulmenweg 12a. -#}
{% macro street_name(line) -%}
    {{ replace_all(line, '^[0-9]+[a-z]?[ ,]+|[ ,]+[0-9]+[a-z]?$', '') }}
{%- endmacro %}

{#- The house number in a line of a street; null where there is none. -#}
{% macro house_number(line) -%}
    coalesce(
        nullif(regexp_extract({{ line }}, '^([0-9]+[a-z]?)[ ,]+', 1), ''),
        nullif(regexp_extract({{ line }}, '[ ,]+([0-9]+[a-z]?)$', 1), '')
    )
{%- endmacro %}
