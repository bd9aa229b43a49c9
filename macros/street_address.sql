{#- The street of an address line. The house number, before or after it, is cut off: 12 Elm St, Ulmenweg 12a. -#}
{% macro street_name(line) -%}
    {{ replace_all(line, '^[0-9]+[a-z]?[ ,]+|[ ,]+[0-9]+[a-z]?$', '') }}
{%- endmacro %}

{#- The house number of an address line; null where there is none. -#}
{% macro house_number(line) -%}
    coalesce(
        nullif(regexp_extract({{ line }}, '^([0-9]+[a-z]?)[ ,]+', 1), ''),
        nullif(regexp_extract({{ line }}, '[ ,]+([0-9]+[a-z]?)$', 1), '')
    )
{%- endmacro %}
