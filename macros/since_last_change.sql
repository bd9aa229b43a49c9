{#-
    The columns every audience table ends with: the build in which the row last changed, and its moment. A row
    that says what it said in the last published build (`last_rows`, joined by id and hash) keeps them.
-#}
{% macro since_last_change() -%}
    cast(coalesce(last_rows.build_id, '{{ var("build_id") }}') as string) as build_id,
    cast(coalesce(last_rows.updated_at, {{ built_at() }}) as timestamp) as updated_at
{%- endmacro %}
