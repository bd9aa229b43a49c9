{#-
    The fields that matching compares, in the order of the characters of a pattern, and the kind of comparison: `name`,
    `text` and `address` by edit distance, `code` and `date` by one or two edits, `same` by equality alone.
-#}
{% macro match_fields() -%}
    {{ return({
        'first_name': 'name', 'last_name': 'name', 'street': 'text', 'house_number': 'code', 'address_2': 'text',
        'city': 'text', 'region': 'same', 'postal_code': 'code', 'birth_digits': 'date', 'email': 'address',
        'phone': 'code'
    }) }}
{%- endmacro %}
