{#- A UTC timestamp as the clock of a time zone shows it. `zone` is SQL for the name of the zone. -#}
{% macro local_time(timestamp, zone) -%}
    {{ return(adapter.dispatch('local_time', 'audiencekit')(timestamp, zone)) }}
{%- endmacro %}

{% macro default__local_time(timestamp, zone) -%} from_utc_timestamp({{ timestamp }}, {{ zone }}) {%- endmacro %}

{% macro duckdb__local_time(timestamp, zone) -%} timezone({{ zone }}, timezone('UTC', {{ timestamp }})) {%- endmacro %}
