{#- A whole row as one text, to break a tie by what the row says. -#}
{% macro row_as_text(relation) -%}
    {{ return(adapter.dispatch('row_as_text', 'audiencekit')(relation)) }}
{%- endmacro %}

{% macro default__row_as_text(relation) -%} to_json(struct({{ relation }}.*)) {%- endmacro %}

{% macro duckdb__row_as_text(relation) -%} cast({{ relation }} as varchar) {%- endmacro %}
