{#-
    The Gauss series sum (a)_n (b)_n / ((c)_n (d)_n) z^n as nested (Horner) arithmetic: with d = 1 the
    hypergeometric function 2F1(a, b; c; z). One step further, a + 1 and so on with d = 2, it is the rest
    of 2F1 after its first term: 2F1(a, b; c; z) = 1 + a b z / c * rest, which can be divided by a or b
    before they reach 0. `step` is how far each of a, b, c is ahead of the expression given for it.
    For z <= 1/2 and a small b, 64 terms are exact to 1e-10. Arguments are written once a term; c > 0.
-#}
{% macro gauss_2f1(a, b, c, z, terms=64, step=(0, 0, 0), d=1) -%}
    {%- for n in range(terms - 1) %}
    (1 + ({{ a }} + {{ n + step[0] }}) * ({{ b }} + {{ n + step[1] }}) / (({{ c }} + {{ n + step[2] }}) * {{ d + n }}) * {{ z }} *
    {%- endfor %} 1{{ ')' * (terms - 1) }}
{%- endmacro %}
