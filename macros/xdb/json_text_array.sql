{#- Aggregate a text column into a JSON array as text, sorted: ["a","b"]. For plain codes and keys. -#}
{% macro json_text_array(text) -%}
    {{ return(adapter.dispatch('json_text_array', 'audiencekit')(text)) }}
{%- endmacro %}

{% macro default__json_text_array(text) -%}
    '["' || array_join(sort_array(collect_list({{ text }})), '","') || '"]'
{%- endmacro %}

{% macro duckdb__json_text_array(text) -%}
    '["' || string_agg({{ text }}, '","' order by {{ text }}) || '"]'
{%- endmacro %}
