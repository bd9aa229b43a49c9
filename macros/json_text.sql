{#- SQL texts that are JSON already, by name, as one JSON object, as text. -#}
{% macro json_text(values) -%}
    '{'
    {%- for name, value in values.items() %}
    || '{{ ',' if not loop.first }}"{{ name }}":' || {{ value }}
    {%- endfor %}
    || '}'
{%- endmacro %}
