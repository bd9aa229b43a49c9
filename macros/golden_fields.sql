{#- The fields of a customer's profile that come from their records. -#}
{% macro golden_fields() -%}
    {{ return([
        'contact_id', 'account_id', 'email', 'phone', 'first_name', 'last_name', 'birth_date', 'city', 'region',
        'postal_code', 'country_code', 'age_band', 'income_band', 'household_size', 'kids_count'
    ]) }}
{%- endmacro %}
