{#- A JSON array of plain codes as a;b, the form in which CRMs keep several values in one field. -#}
{% macro semicolon_list(codes) -%}
    replace(translate({{ codes }}, '[]"', ''), ',', ';')
{%- endmacro %}
