{#-
    The rows of all published builds and of this one, as a relation: a table of the ledger, and `model`, whose rows are
    appended to it. With `under_current_keys`, earlier rows have the customer keys of today (see history_of).
-#}
{% macro all_builds(table, model, columns, under_current_keys=false) -%}
    {%- set names = (['customer_key'] if under_current_keys else []) + columns -%}
    (
        select {{ names | join(', ') }}
        from {{ (history_of(table, columns) ~ ' as earlier') if under_current_keys else ref('stg_ledger__' ~ table) }}
        union all
        select {{ names | join(', ') }}
        from {{ ref(model) }}
    )
{%- endmacro %}
