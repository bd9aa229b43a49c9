{#-
    How strongly an identifier holds a customer key, lowest first: as the login, card or contact that the key was given
    for, then by its rank. An address or number may pass to somebody else, and holds little more than its rank.
-#}
{% macro anchor_of(given_key) -%}
    case
        when identifier_hash = {{ given_key }} and may_pass_on then anchor_rank - 0.5
        when identifier_hash = {{ given_key }} then 0
        else anchor_rank
    end
{%- endmacro %}
