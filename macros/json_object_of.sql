{#- Members of a JSON object, joined by commas, as the object, as text; null where there are none. -#}
{% macro json_object_of(members) -%}
    '{' || nullif({{ members }}, '') || '}'
{%- endmacro %}
