{#- What a customer's profile takes from their records, field by field. -#}
{% macro golden_fields() -%}
    {{ return([
        'contact_id', 'account_id', 'email', 'phone', 'first_name', 'last_name', 'birth_date', 'city', 'region',
        'postal_code', 'country_code', 'age_band', 'income_band', 'household_size', 'kids_count'
    ]) }}
{%- endmacro %}
