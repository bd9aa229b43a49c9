{#-
    What two records must have in common to be compared at all. Each rule is a list of expressions over
    int_match_records that must be equal. One rule is enough, so a typing error in one field does not keep two records
    from each other.
-#}
{% macro blocking_rules() -%}
    {%- set birth_year = "substring(birth_digits, 1, 4)" -%}
    {%- set birth_day = "substring(birth_digits, 5)" -%}
    {{ return([
        ["email"],
        ["phone"],
        ["birth_digits"],
        ["least(first_name, last_name)", "greatest(first_name, last_name)"],
        ["first_name", birth_year],
        ["first_name", birth_day],
        ["last_name", birth_day],
        ["last_name_sound", "region", birth_year],
        ["last_name", "postal_code"],
        ["first_name", "city"],
        ["first_name", "street"],
        ["last_name", "street"],
        ["first_name", "address_2"],
        ["last_name", "address_2"],
        ["street", "postal_code"],
        ["street", "house_number"],
        ["house_number", "postal_code"],
        ["house_number", "city"],
        ["postal_code", birth_year],
        ["postal_code", birth_day]
    ]) }}
{%- endmacro %}
