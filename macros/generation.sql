{#-
    Which of several people of one name a suffix says it is: 1 for Sr, 2 for Jr and II, then 3 and 4; null without a
    suffix. The text is a name in lower case.
-#}
{% macro generation(text) -%}
    {%- set degrees = "[.]?([ ,]+(phd|md)[.]?)*$" -%}
    case
        {% for number, suffix in {1: 'sr', 2: '(jr|ii)', 3: 'iii', 4: 'iv'}.items() -%}
        when {{ matches(text, '[ ,]' ~ suffix ~ degrees) }} then '{{ number }}'
        {% endfor -%}
    end
{%- endmacro %}
