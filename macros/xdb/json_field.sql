{#- The text in a field of a JSON object, which is text itself; null where there is no such field. -#}
{% macro json_field(text, name) -%}
    {{ return(adapter.dispatch('json_field', 'audiencekit')(text, name)) }}
{%- endmacro %}

{% macro default__json_field(text, name) -%}
    get_json_object({{ text }}, '$.{{ name }}')
{%- endmacro %}

{% macro duckdb__json_field(text, name) -%}
    case when json_valid({{ text }}) then json_extract_string({{ text }}, '$.{{ name }}') end
{%- endmacro %}
