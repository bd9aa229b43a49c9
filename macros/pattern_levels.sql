{#- Each pattern of a relation taken apart: one row per pattern and field, with the letter that tells how far it agrees. -#}
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
