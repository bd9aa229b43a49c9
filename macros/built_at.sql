{#- The moment of this build in history: as_of, or just after the last build where that is not later. -#}
{% macro built_at() -%}
    {{ "cast('" ~ var('built_at', none) ~ "' as timestamp)" if var('built_at', none) else as_of() }}
{%- endmacro %}
