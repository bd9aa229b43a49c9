{#- A country or region as seeds/country_names.csv and seeds/region_names.csv write it: lower case, letters and digits. -#}
{% macro place_key(text) -%} {{ letters_and_digits(plain_text(text)) }} {%- endmacro %}
