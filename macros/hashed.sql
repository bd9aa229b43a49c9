{#- SHA-256 of a contact point or name. It is null where there is none, because all hashes of an empty text are equal. -#}
{% macro hashed(text) -%}
    {{ sha256_hex("nullif(" ~ text ~ ", '')") }}
{%- endmacro %}
