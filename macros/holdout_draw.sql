{#- The draw of a customer in an experiment, a number in [0, 1): those below its share are held out. -#}
{% macro holdout_draw(salt, customer) -%}
    {{ share_of_hash(salt ~ " || '|' || " ~ customer) }}
{%- endmacro %}
