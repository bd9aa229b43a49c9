{#- The one key of an audience row: channel, audience and whom it addresses. -#}
{% macro audience_row_id(channel, audience, person) -%}
    cast({{ sha256_hex("'" ~ channel ~ "|' || " ~ audience ~ " || '|' || " ~ person) }} as string)
{%- endmacro %}
