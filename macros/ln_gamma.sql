{#-
    ln of the gamma function for v > 0, exact to 1e-11: Stirling's series at v + 8, and the recurrence
    gamma(v + 1) = v gamma(v) back. Not every engine has this function. `v` is a double, written 20 times.
-#}
{% macro ln_gamma(v) -%}
    (
        ({{ v }} + 7.5) * ln({{ v }} + 8) - ({{ v }} + 8) + 9.1893853320467274e-01
        + (1 - (1 - (2 - 1.5 / (({{ v }} + 8) * ({{ v }} + 8))) / (7 * ({{ v }} + 8) * ({{ v }} + 8))) / (30 * ({{ v }} + 8) * ({{ v }} + 8)))
        / (12 * ({{ v }} + 8))
        - ln({{ v }}) - ln(({{ v }} + 1) * ({{ v }} + 2) * ({{ v }} + 3) * ({{ v }} + 4) * ({{ v }} + 5) * ({{ v }} + 6) * ({{ v }} + 7))
    )
{%- endmacro %}
