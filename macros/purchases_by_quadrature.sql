{#-
    Expected purchases of a customer who is alive, E[(1 - (1 + p w)^-s) / p] over p ~ Beta(a, beta),
    w = z / (1 - z). With p = (1 - z) q / (1 - z q) and q = 1 / (1 + e^-y) the integrand is smooth on the
    whole line of y, where the trapezoid rule converges exponentially: steps of 1/4 are exact to 1e-10
    up to a = 8. Before the first and after the last node the terms are geometric series, which the two
    end weights sum. For small q (y < -12) 1 - (1 - z q)^s would lose its digits: binomial series there.
    Logarithms of numbers are left to the engine, which folds them. Arguments are written 1,000 times.
-#}
{% macro purchases_by_quadrature(s, a, beta, z) -%}
    (
        {%- for k in range(-116, 105) %}
        {%- set odds = 2.718281828459045 ** (k / 4) %}
        {%- set zq = z ~ ' * ' ~ '%.16e' % (odds / (1 + odds)) %}
        {{ '+ ' if not loop.first }}exp({{ a }} * {{ '%.2f' % (k / 4) }} - ({{ a }} + {{ beta }}) * ln({{ '%.16e' % (1 + odds) }}) - ({{ a }} + {{ beta }} - 1) * ln(1 - {{ zq }}))
        {%- if loop.first %} / (1 - exp(-{{ a }} / 4)){% elif loop.last %} / (1 - exp(-{{ beta }} / 4)){% endif %} *
        {%- if k < -48 %} {{ s }} * {{ z }} * (1 - ({{ s }} - 1) * {{ zq }} / 2 * (1 - ({{ s }} - 2) * {{ zq }} / 3 * (1 - ({{ s }} - 3) * {{ zq }} / 4)))
        {%- else %} (1 - exp({{ s }} * ln(1 - {{ zq }}))) * {{ '%.16e' % (1 + 1 / odds) }}
        {%- endif %}
        {%- endfor %}
    ) / 4 * exp(({{ a }} - 1) * ln(1 - {{ z }}) + {{ ln_gamma('(' ~ a ~ ' + ' ~ beta ~ ')') }} - {{ ln_gamma(a) }} - {{ ln_gamma(beta) }})
{%- endmacro %}
