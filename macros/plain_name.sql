{#-
    A given or family name as ad platforms ask for it: normalised, with single spaces, without titles before it or
    suffixes after it. Punctuation stays.
-#}
{% macro plain_name(name) -%} {{ name_alone(plain_text(name)) }} {%- endmacro %}

{#- A name in lower case, with single spaces, without titles before it or suffixes after it. -#}
{% macro name_alone(text) -%}
    {%- set single_spaced = replace_all(text, " +", " ") -%}
    {%- set without_titles = replace_all(single_spaced, "^((mr|mrs|ms|miss|dr|prof)[.]? )+", "") -%}
    {{ replace_all(without_titles, "([ ,]+(jr|sr|ii|iii|iv|phd|md)[.]?)+$", "") }}
{%- endmacro %}
