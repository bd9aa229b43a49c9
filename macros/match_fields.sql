{#-
    What two records are compared by, in the order of the letters of a match pattern, and how: `name`, `text` and
    `address` by slips, `code` and `date` by slips of one or two digits, `same` by equality alone.
-#}
{% macro match_fields() -%}
    {{ return({
        'first_name': 'name', 'last_name': 'name', 'street': 'text', 'house_number': 'code', 'address_2': 'text',
        'city': 'text', 'region': 'same', 'postal_code': 'code', 'birth_digits': 'date', 'email': 'address',
        'phone': 'code'
    }) }}
{%- endmacro %}
