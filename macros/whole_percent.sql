{#- A share (0 to 1) as text in whole percent: 42 %. -#}
{% macro whole_percent(share) -%}
    cast(cast(round(100 * ({{ share }}), 0) as bigint) as string) || ' %'
{%- endmacro %}
