{#-
    A table of the ledger as a relation, told of who its customers are today: what was recorded of one who turned out to
    be another customer's person is that customer's. `columns` are those wanted beside customer_key.
-#}
{% macro history_of(table, columns) -%}
    (
        select
            coalesce(former_keys.customer_key, kept.customer_key) as customer_key,
            kept.{{ columns | join(', kept.') }}
        from {{ source('ledger', table) }} as kept
        left join {{ ref('int_merged_keys') }} as former_keys on kept.customer_key = former_keys.former_key
    )
{%- endmacro %}
