{#- A 64-bit number from a text, the same one within a build: for grouping, never to be kept. -#}
{% macro hash64(text) -%}
    {{ return(adapter.dispatch('hash64', 'audiencekit')(text)) }}
{%- endmacro %}

{% macro default__hash64(text) -%} xxhash64({{ text }}) {%- endmacro %}

{% macro duckdb__hash64(text) -%} hash({{ text }}) {%- endmacro %}
