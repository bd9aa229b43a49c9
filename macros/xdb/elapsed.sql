{#- Time from one timestamp to a later one as a double, in days or minutes, to the microsecond. -#}
{% macro elapsed(unit, since, until) -%}
    {%- set microseconds = {'day': '86400000000.0', 'minute': '60000000.0'}[unit] -%}
    {{ return(adapter.dispatch('elapsed', 'audiencekit')(microseconds, since, until)) }}
{%- endmacro %}

{% macro default__elapsed(microseconds, since, until) -%}
    cast((unix_micros({{ until }}) - unix_micros({{ since }})) / {{ microseconds }} as double)
{%- endmacro %}

{% macro duckdb__elapsed(microseconds, since, until) -%}
    cast((epoch_us({{ until }}) - epoch_us({{ since }})) / {{ microseconds }} as double)
{%- endmacro %}
