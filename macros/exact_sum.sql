{#-
    A sum of doubles that is the same in any order of rows: added as decimals of 18 places. For numbers brought to
    the size of one, whose sums keep 15 digits and more. Sums of doubles differ in their last digits.
-#}
{% macro exact_sum(number) -%}
    cast(sum(cast({{ number }} as decimal(38, 18))) as double)
{%- endmacro %}
