{#- A number in [0, 1), even and repeatable, from a text: the first 52 bits of its SHA-256. -#}
{% macro share_of_hash(text) -%}
    {{ return(adapter.dispatch('share_of_hash', 'audiencekit')(text)) }}
{%- endmacro %}

{% macro default__share_of_hash(text) -%}
    (cast(conv(substring(sha2({{ text }}, 256), 1, 13), 16, 10) as bigint) / 4503599627370496.0)
{%- endmacro %}

{% macro duckdb__share_of_hash(text) -%}
    (cast('0x' || substring(sha256({{ text }}), 1, 13) as bigint) / 4503599627370496.0)
{%- endmacro %}
