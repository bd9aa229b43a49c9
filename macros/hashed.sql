{#- SHA-256 of a contact point or name, null when there is none: the hash of nothing matches everybody. -#}
{% macro hashed(text) -%}
    {{ sha256_hex("nullif(" ~ text ~ ", '')") }}
{%- endmacro %}
