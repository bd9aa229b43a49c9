{#- In a select, one row per element of a semicolon list, as in 17;23. -#}
{% macro each_of(list) -%}
    {{ return(adapter.dispatch('each_of', 'audiencekit')(list)) }}
{%- endmacro %}

{% macro default__each_of(list) -%} explode(split({{ list }}, ';')) {%- endmacro %}

{% macro duckdb__each_of(list) -%} unnest(string_split({{ list }}, ';')) {%- endmacro %}
