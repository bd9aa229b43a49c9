{#- A value as an SQL text literal; a list as one JSON array, sorted. -#}
{% macro quoted(value) -%}
    {%- set text = value | string if value is string or value is not iterable else tojson(value | sort) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}
