{#- A given or family name as ad platforms hash it: lower case, no titles or suffixes, no punctuation. -#}
{% macro plain_name(name) -%}
    {%- set spaced = replace_all(name, ' +', ' ') -%}
    {%- set lowered = replace_all("lower(trim(" ~ spaced ~ "))", "[.,’''`-]", "") -%}
    trim({{ replace_all(replace_all(lowered, "^(mr|mrs|ms|miss|dr|prof) +", ""), " +(jr|sr|ii|iii|iv|phd|md)$", "") }})
{%- endmacro %}
