{#- A hash of what an audience row says: it changes when, and only when, the row has something new to say. -#}
{% macro row_hash(columns) -%}
    {%- set said -%}
        {%- for column in columns -%}
            coalesce(cast({{ column }} as string), ''){{ " || '|' || " if not loop.last }}
        {%- endfor -%}
    {%- endset -%}
    cast({{ sha256_hex(said) }} as string)
{%- endmacro %}
