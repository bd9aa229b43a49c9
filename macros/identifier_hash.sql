{#-
    A salted hash of an identifier, 32 hex digits, which reveals nothing about it. A customer's key is the hash of their
    first.
-#}
{% macro identifier_hash(id_type, id_value) -%}
    substring({{ sha256_hex("'" ~ var('key_salt') ~ "|' || " ~ id_type ~ " || '|' || " ~ id_value) }}, 1, 32)
{%- endmacro %}
