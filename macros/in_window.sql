{#-
    Whether something that happened `age_micros` microseconds before a moment lies in the window of that
    length: half-open, [moment - count units, moment).
-#}
{% macro in_window(count, unit) -%}
    {%- set microseconds = {'day': 86400000000, 'hour': 3600000000, 'minute': 60000000}[unit] * count -%}
    (age_micros > 0 and age_micros <= {{ microseconds }})
{%- endmacro %}
