{#-
    The models whose names begin with `prefix`. A model of a project of one's own takes the place of ours of the same name,
    as it does in every ref().
-#}
{% macro models_named(prefix) -%}
    {%- set models = {} -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.name.startswith(prefix) -%}
        {%- if node.name not in models or node.package_name == project_name -%}
            {%- do models.update({node.name: node}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(models.values() | list) }}
{%- endmacro %}
