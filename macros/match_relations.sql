{#-
    The relations that two compared records can have: of one person, or of two people, by what they have in common.
    scripts/audiencekit/identity/matching.py defines each, and learns how often fields agree in it.
-#}
{% macro match_relations() -%}
    {{ return({
        'one_person': ['same', 'moved'],
        'two_people': ['household', 'namesakes', 'family_name', 'birthday', 'strangers']
    }) }}
{%- endmacro %}
