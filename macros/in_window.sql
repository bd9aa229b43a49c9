{#- Whether a timestamp lies in the half-open window [as_of - count units, as_of). -#}
{% macro in_window(column, count, unit) -%}
    ({{ column }} >= {{ dbt.dateadd(unit, -count, as_of()) }} and {{ column }} < {{ as_of() }})
{%- endmacro %}
