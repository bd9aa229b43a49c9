{#-
    A UTC timestamp as the clock of the shop shows it: days, months and weekdays are those of the shop's time zone.
-#}
{% macro shop_time(timestamp) -%}
    {{ return(timestamp if var('time_zone') == 'UTC' else adapter.dispatch('shop_time', 'audiencekit')(timestamp)) }}
{%- endmacro %}

{% macro default__shop_time(timestamp) -%} from_utc_timestamp({{ timestamp }}, '{{ var("time_zone") }}') {%- endmacro %}

{% macro duckdb__shop_time(timestamp) -%}
    timezone('{{ var("time_zone") }}', timezone('UTC', {{ timestamp }}))
{%- endmacro %}
