{#- Whether a regular expression is found in a text. Write [0-9], not a backslash class. -#}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'audiencekit')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%} ({{ text }} rlike '{{ pattern }}') {%- endmacro %}

{% macro duckdb__matches(text, pattern) -%} regexp_matches({{ text }}, '{{ pattern }}') {%- endmacro %}
