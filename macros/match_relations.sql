{#-
    What two records can be to one another: one person's, or two people's, by what brought them together.
    scripts/audiencekit/matching.py says what each means, and learns how often fields agree in it.
-#}
{% macro match_relations() -%}
    {{ return({
        'one_person': ['same', 'moved'],
        'two_people': ['household', 'namesakes', 'family_name', 'birthday', 'strangers']
    }) }}
{%- endmacro %}
