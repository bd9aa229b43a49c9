{#- A JSON array of plain codes as CRMs write several values in one field: a;b. -#}
{% macro semicolon_list(codes) -%}
    replace(translate({{ codes }}, '[]"', ''), ',', ';')
{%- endmacro %}
