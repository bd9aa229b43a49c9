{#- SHA-256 of a text as 64 lowercase hex digits; null stays null. -#}
{% macro sha256_hex(text) -%}
    {{ return(adapter.dispatch('sha256_hex', 'audiencekit')(text)) }}
{%- endmacro %}

{% macro default__sha256_hex(text) -%} sha2({{ text }}, 256) {%- endmacro %}

{% macro duckdb__sha256_hex(text) -%} sha256({{ text }}) {%- endmacro %}
