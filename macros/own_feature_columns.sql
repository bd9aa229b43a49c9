{#- The columns that the feature tables of a project of one's own add to customer_360, as their YAML lists them. -#}
{% macro own_feature_columns() -%}
    {%- set columns = [] -%}
    {%- for node in models_named('feat_') if node.name[5:] in var('own_features') -%}
        {%- set own = node.columns | reject('in', ['customer_key', 'moment_at']) | list -%}
        {%- if not own -%}
            {{ exceptions.raise_compiler_error(
                node.original_file_path ~ ": its YAML lists no feature, and customer_360 has those that it lists. "
                ~ "Add them under columns.") }}
        {%- endif -%}
        {%- do columns.extend(own) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
