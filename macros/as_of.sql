{#- 'Now': the moment every window ends at. Nothing in this project reads a clock. -#}
{% macro as_of() -%}
    cast('{{ var("as_of") }}' as timestamp)
{%- endmacro %}
