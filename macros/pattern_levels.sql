{#-
    One row per pattern of a relation and field, with the field's level of agreement: the pattern split into characters.
-#}
{% macro pattern_levels(patterns, kept) -%}
{%- for field in match_fields() %}
    select
        {{ kept }},
        '{{ field }}' as field,
        substring(pattern, {{ loop.index }}, 1) as level
    from {{ patterns }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
{%- endmacro %}
