{#- The UTC timestamp at which the clock of a time zone shows a time. `zone` is SQL for the name of the zone. -#}
{% macro utc_time(local_timestamp, zone) -%}
    {{ return(adapter.dispatch('utc_time', 'audiencekit')(local_timestamp, zone)) }}
{%- endmacro %}

{% macro default__utc_time(local_timestamp, zone) -%} to_utc_timestamp({{ local_timestamp }}, {{ zone }}) {%- endmacro %}

{% macro duckdb__utc_time(local_timestamp, zone) -%} timezone('UTC', timezone({{ zone }}, {{ local_timestamp }})) {%- endmacro %}
