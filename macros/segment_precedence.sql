{#- A text that sorts segments by precedence: by priority, then by code. -#}
{% macro segment_precedence(priority, segment_code) -%}
    lpad(cast({{ priority }} as string), 9, '0') || {{ segment_code }}
{%- endmacro %}
