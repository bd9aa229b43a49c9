{#-
    The last moment that a time may mean, in microseconds since 1970, as a bigint: a date without a time may mean any
    moment of its day, a time without seconds any of its minute. A refusal counts until then: of a grant and a refusal of
    one day, of which one has no time, the refusal counts.
-#}
{% macro last_moment_meant(timestamp) -%}
    {%- set micros = micros_between("timestamp '1970-01-01'", timestamp) -%}
    {%- set micros_of_the_shop = micros_between("timestamp '1970-01-01'", shop_time(timestamp)) -%}
    {{ micros }}
    + case
        when {{ micros }} % 86400000000 = 0 or {{ micros_of_the_shop }} % 86400000000 = 0 then 86399999999
        when {{ micros }} % 60000000 = 0 then 59999999
        when {{ micros }} % 1000000 = 0 then 999999
        else 0
    end
{%- endmacro %}
