{#-
    Before dbt runs, check what a project of one's own adds. Its new rules, feature tables and channels are listed, because
    dbt has to read their names when it parses, before it knows the files; a file that nothing lists would silently do
    nothing. A seed that takes the place of ours has the types of ours.
-#}
{% macro check_own_models() %}
    {%- if execute and project_name != 'audiencekit' -%}
        {%- set ours = {} -%}
        {%- for node in graph.nodes.values() if node.package_name == 'audiencekit' -%}
            {%- do ours.update({node.name: node}) -%}
        {%- endfor -%}
        {%- for prefix, setting in [('seg_', 'own_segments'), ('feat_', 'own_features'), ('aud_', 'own_channels')] -%}
            {%- for node in models_named(prefix) if node.name not in ours and node.name[prefix | length:] not in var(setting) -%}
                {%- set listed = (var(setting) + [node.name[prefix | length:]]) | string | replace("'", "") -%}
                {{ exceptions.raise_compiler_error(
                    node.original_file_path ~ " is not used: " ~ setting ~ " in dbt_project.yml does not list it. Write `"
                    ~ setting ~ ": " ~ listed ~ "` there.") }}
            {%- endfor -%}
        {%- endfor -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.package_name == project_name -%}
            {%- if node.name in ours and node.config.column_types != ours[node.name].config.column_types -%}
                {{ exceptions.raise_compiler_error(
                    node.original_file_path ~ " takes the place of audiencekit's and has no such column_types. Copy its entry of "
                    ~ "dbt_packages/audiencekit/seeds/_seeds.yml into a YAML file next to it.") }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
