{#-
    Expected purchases in a horizon of a customer who is alive: C / (a - 1) * (1 - (1 - z)^s 2F1(s, beta; C; z)),
    with s = r + x, beta = b + x in BG/NBD (Fader, Hardie, Lee 2005) and b + x + 1 in MBG/NBD (Batislam et al.
    2007), C = a + beta - 1, z = horizon / (alpha + T + horizon).
    Up to z = 1/2 by Euler's transformation, (1 - z)^(a - 1) 2F1(C - s, a - 1; C; z), with a - 1 divided
    out of the series beforehand, so that a = 1 is no exception; z <= 1/8 needs a third of the terms.
    Beyond (customers younger than the horizon) a series would need 1,000s of terms: quadrature.
    `gap` is C - s, `age` is -ln(1 - z). All are bare columns of type double: each is written hundreds of times.
-#}
{% macro purchases_while_alive(a, beta, s, c, gap, z, age) -%}
    {%- set power = '((' ~ a ~ ' - 1) * ' ~ age ~ ')' -%}
    case
        when {{ z }} <= 0.5
            then {{ c }} * {{ age }}
                * case
                    when abs({{ power }}) < 1e-4 then 1 - {{ power }} / 2 * (1 - {{ power }} / 3)
                    else (1 - exp(-{{ power }})) / {{ power }}
                end
                - exp(-{{ power }}) * {{ gap }} * {{ z }}
                * case
                    when {{ z }} <= 0.125 then {{ gauss_2f1(gap, a, c, z, 20, (1, 0, 1), 2) }}
                    else {{ gauss_2f1(gap, a, c, z, 64, (1, 0, 1), 2) }}
                end
        else {{ purchases_by_quadrature(s, a, beta, z) }}
    end
{%- endmacro %}
