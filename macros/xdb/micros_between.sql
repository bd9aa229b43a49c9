{#- Microseconds from one timestamp to a later one, exact, as a bigint. -#}
{% macro micros_between(since, until) -%}
    {{ return(adapter.dispatch('micros_between', 'audiencekit')(since, until)) }}
{%- endmacro %}

{% macro default__micros_between(since, until) -%} (unix_micros({{ until }}) - unix_micros({{ since }})) {%- endmacro %}

{% macro duckdb__micros_between(since, until) -%} (epoch_us({{ until }}) - epoch_us({{ since }})) {%- endmacro %}
