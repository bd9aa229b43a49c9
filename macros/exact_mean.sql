{#-
    The mean of a column of doubles, as a double, the same in any order of rows: exact_sum() over the number of values
    that are not null. Null when there is none. The same limits as exact_sum() hold, which says when to use which.
    `number` is a column or an expression, written twice.
-#}
{% macro exact_mean(number) -%}
    ({{ exact_sum(number) }} / nullif(count({{ number }}), 0))
{%- endmacro %}
