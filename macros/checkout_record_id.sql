{#- The record of an order: orders with the same identifiers and country are one. -#}
{% macro checkout_record_id() -%}
    'order:' || concat_ws(
        '|',
        coalesce(account_id, ''),
        coalesce(card_number, ''),
        coalesce(email, ''),
        coalesce(phone, ''),
        coalesce(country_code, '')
    )
{%- endmacro %}
