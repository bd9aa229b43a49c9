{#-
    A text in ASCII, with one letter for each umlaut: the e of ae, oe and ue between other letters is left out, as in
    mueller. It is no umlaut after a vowel or a q (bauer, queen), before a last l (michael) or before a y (joey).
-#}
{% macro without_umlaut_e(text) -%}
    {{ return(adapter.dispatch('without_umlaut_e', 'audiencekit')(text)) }}
{%- endmacro %}

{% macro default__without_umlaut_e(text) -%}
    regexp_replace({{ text }}, '(^|[^aeiouq])([aou])e([a-km-xz]|l[a-z])', '$1$2$3')
{%- endmacro %}

{% macro duckdb__without_umlaut_e(text) -%}
    regexp_replace({{ text }}, '(^|[^aeiouq])([aou])e([a-km-xz]|l[a-z])', '\1\2\3', 'g')
{%- endmacro %}
