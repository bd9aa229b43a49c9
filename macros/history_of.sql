{#-
    A table of the ledger as a relation, with the customer keys of today: what was recorded under a key that was merged
    into another belongs to the customer with that other key. `columns` are the columns to read besides customer_key.
-#}
{% macro history_of(table, columns) -%}
    (
        select
            coalesce(merged_keys.customer_key, earlier.customer_key) as customer_key,
            earlier.{{ columns | join(', earlier.') }}
        from {{ ref('stg_ledger__' ~ table) }} as earlier
        left join {{ ref('int_merged_keys') }} as merged_keys on earlier.customer_key = merged_keys.merged_key
    )
{%- endmacro %}
