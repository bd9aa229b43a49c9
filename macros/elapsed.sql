{#- Time from one timestamp to a later one as a double, in days or minutes, to the microsecond. -#}
{% macro elapsed(unit, since, until) -%}
    {%- set microseconds = {'day': '86400000000.0', 'minute': '60000000.0'}[unit] -%}
    cast({{ micros_between(since, until) }} / {{ microseconds }} as double)
{%- endmacro %}
