{#- An identifier as a text that tells nothing of it: salted, 32 hex digits. A customer's key is that of the first one. -#}
{% macro identifier_hash(id_type, id_value) -%}
    substring({{ sha256_hex("'" ~ var('key_salt') ~ "|' || " ~ id_type ~ " || '|' || " ~ id_value) }}, 1, 32)
{%- endmacro %}
