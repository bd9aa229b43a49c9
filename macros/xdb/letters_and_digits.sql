{#- What is left of a text without spaces, punctuation and signs: letters of any script, their marks, and digits. -#}
{% macro letters_and_digits(text) -%}
    {{ return(adapter.dispatch('letters_and_digits', 'audiencekit')(text)) }}
{%- endmacro %}

{% macro default__letters_and_digits(text) -%}
    regexp_replace({{ text }}, '[^\\p{L}\\p{M}\\p{N}]', '')
{%- endmacro %}

{% macro duckdb__letters_and_digits(text) -%}
    regexp_replace({{ text }}, '[^\p{L}\p{M}\p{N}]', '', 'g')
{%- endmacro %}
