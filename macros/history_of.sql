{#-
    A table of the ledger as a relation, under the keys that its customers have today: what was recorded of a key that
    was merged into another belongs to that other one. `columns` are those wanted next to customer_key.
-#}
{% macro history_of(table, columns) -%}
    (
        select
            coalesce(merged_keys.customer_key, earlier.customer_key) as customer_key,
            earlier.{{ columns | join(', earlier.') }}
        from {{ ref('stg_ledger__' ~ table) }} as earlier
        left join {{ ref('int_merged_keys') }} as merged_keys on earlier.customer_key = merged_keys.former_key
    )
{%- endmacro %}
