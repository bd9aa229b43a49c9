{#-
    P(alive) of a customer with x repeat purchases, the last t_x after the first, T after the first:
    1 / (1 + a / before * ((alpha + T) / (alpha + t_x))^(r + x)), with before = b + x - 1 in BG/NBD (a
    customer without a repeat purchase is alive) and b + x in MBG/NBD. Written so that a large power goes to 0 and
    never overflows. `method` is 'bg_nbd' or 'mbg_nbd'; the rest are columns of type double, one unit of time.
-#}
{% macro probability_alive(method, x, t_x, T, r, alpha, a, b) -%}
    {%- set chance = 'exp((' ~ r ~ ' + ' ~ x ~ ') * (ln(' ~ alpha ~ ' + ' ~ t_x ~ ') - ln(' ~ alpha ~ ' + ' ~ T ~ ')))' -%}
    {%- if method == 'mbg_nbd' -%}
    {{ chance }} / ({{ chance }} + {{ a }} / ({{ b }} + {{ x }}))
    {%- else -%}
    case when {{ x }} = 0 then 1 else {{ chance }} / ({{ chance }} + {{ a }} / ({{ b }} + {{ x }} - 1)) end
    {%- endif -%}
{%- endmacro %}
