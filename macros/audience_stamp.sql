{#-
    The columns every audience table ends with: a hash of what the row says, the build, and its moment.
    A reverse-ETL tool compares row_hash by audience_row_id and sends the difference.
-#}
{% macro audience_stamp(columns) -%}
    {%- set said -%}
        {%- for column in columns -%}
            coalesce(cast({{ column }} as string), ''){{ " || '|' || " if not loop.last }}
        {%- endfor -%}
    {%- endset -%}
    cast({{ sha256_hex(said) }} as string) as row_hash,
    cast('{{ var("build_id") }}' as string) as build_id,
    cast({{ as_of() }} as timestamp) as updated_at
{%- endmacro %}
