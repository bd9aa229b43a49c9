{#-
    A postal code as Meta hashes it: lower case, no spaces or dashes; the first five digits in the US, and area,
    district and sector in the UK (M1 1AE is m11).
-#}
{% macro meta_postal_code(postal_code, country_code) -%}
    {%- set plain = letters_and_digits(plain_text(postal_code)) -%}
    case {{ country_code }}
        when 'US' then substring({{ plain }}, 1, 5)
        when 'GB' then {{ replace_all(plain, "[a-z][a-z]$", "") }}
        else {{ plain }}
    end
{%- endmacro %}
