{#-
    The sum of a column of doubles, as a double, the same in any order of rows. Doubles added one by one differ in
    their last digits when rows come in another order; here each is cast to decimal(38, 18), which adds exactly.

    Which to use, for a number that is published or compared:
    - counts, other integers and decimals: plain sum(), which is exact;
    - money taken from its source (cents): sum(cast(x as decimal(18, 4))), which keeps the cents exact;
    - every other double: exact_sum() for a sum, exact_mean() for a mean. Never sum() or avg().

    The sum, and each number, must be below 1e20 in absolute value: a larger one stops the build with a conversion
    error. Amounts of money up to 1e12 leave room for 100 million rows; squares of money do not, so multiply and add them
    as decimals (rpt_experiment_plans does). Digits after the 18th decimal place are lost, so scale tiny numbers first
    (int_experiment_scaled_values does). The result is null when no row has a number.
-#}
{% macro exact_sum(number) -%}
    cast(sum(cast({{ number }} as decimal(38, 18))) as double)
{%- endmacro %}
