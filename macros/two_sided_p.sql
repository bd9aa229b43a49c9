{#-
    The two-sided p-value of a standard normal z: the probability that chance alone gives a value as far from 0, which is
    erfc(|z| / sqrt(2)). Correct to 14 digits, also far from 0. No engine here has a normal distribution, so it is a
    polynomial: exp(x * x) * erfc(x) * (1 + x) is smooth in t = (x - 3) / (x + 3), which goes from -1 to 1, and the
    coefficients are those of its Chebyshev fit of degree 20 (fitted with numpy to scipy's erfcx;
    tests/build/test_experiments.py compares). `z` is a column or a call, written 46 times.
-#}
{% macro two_sided_p(z) -%}
    {%- set coefficients = [
        '7.16004604725559490e-01', '-2.30927333083730257e-01', '9.90207536795936899e-02', '-1.02353889048899908e-02',
        '-2.38039131149695750e-02', '2.19577641413985468e-02', '-9.75068919235626275e-03', '1.61856783472876290e-03',
        '6.45813379488011075e-04', '-3.67281332855756964e-04', '-2.05476413583029785e-05', '5.60955203868589543e-05',
        '-1.52638758047155018e-06', '-8.93982803141081445e-06', '2.84271775554673143e-07', '1.52116212588209490e-06',
        '3.03633226806876163e-08', '-2.36436514417980080e-07', '-2.17751857467661046e-08', '2.27012639611168110e-08',
        '3.46559047325906188e-09'
    ] -%}
    {%- set x = 'abs(' ~ z ~ ') / 1.4142135623730951e+00' -%}
    {%- set t = '((' ~ x ~ ' - 3) / (' ~ x ~ ' + 3))' -%}
    {%- set terms = [] -%}
    {%- for coefficient in coefficients -%}
        {%- do terms.append(coefficient ~ ' * power(' ~ t ~ ', ' ~ loop.index0 ~ ')') -%}
    {%- endfor -%}
    case
        when abs({{ z }}) < 38 then exp(-{{ z }} * {{ z }} / 2) / (1 + {{ x }}) * ({{ terms | join(' + ') }})
        when {{ z }} is not null then 0
    end
{%- endmacro %}
