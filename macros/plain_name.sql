{#-
    A given or family name as ad platforms ask for it: in one spelling, single spaces, without titles before it or
    suffixes after it. Punctuation stays.
-#}
{% macro plain_name(name) -%}
    {%- set spaced = replace_all(plain_text(name), " +", " ") -%}
    {%- set untitled = replace_all(spaced, "^((mr|mrs|ms|miss|dr|prof)[.]? )+", "") -%}
    {{ replace_all(untitled, "([ ,]+(jr|sr|ii|iii|iv|phd|md)[.]?)+$", "") }}
{%- endmacro %}
