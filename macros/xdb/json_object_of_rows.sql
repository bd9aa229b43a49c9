{#- Aggregate members of a JSON object, each "name":value, into the object as text, sorted. -#}
{% macro json_object_of_rows(member) -%}
    {{ return(adapter.dispatch('json_object_of_rows', 'audiencekit')(member)) }}
{%- endmacro %}

{% macro default__json_object_of_rows(member) -%}
    '{' || array_join(sort_array(collect_list({{ member }})), ',') || '}'
{%- endmacro %}

{% macro duckdb__json_object_of_rows(member) -%}
    '{' || string_agg({{ member }}, ',' order by {{ member }}) || '}'
{%- endmacro %}
