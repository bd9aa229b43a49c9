{#-
    What the YAML of every segment says, as a list of mappings in order of priority. A segment that does
    not say all of it stops the build: nobody can act on a segment without an owner and a strategy.
-#}
{% macro segment_properties() -%}
    {%- set needed = ['label', 'owner', 'kind', 'refresh', 'priority', 'minimum_share', 'needs', 'channels',
                      'suppress_inactive', 'strategy'] -%}
    {%- set strategy = ['objective', 'messaging_themes', 'offer', 'success_metric'] -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name.startswith('seg_') -%}
        {%- set said = node.config.meta.get('segment', {}) -%}
        {%- for key in needed if said.get(key) is none -%}
            {{ exceptions.raise_compiler_error(
                node.name ~ ": config.meta.segment." ~ key ~ " is missing in its YAML. See CONTRIBUTING.md, 'A segment'.") }}
        {%- endfor -%}
        {%- for key in strategy if not said.strategy.get(key) -%}
            {{ exceptions.raise_compiler_error(
                node.name ~ ": config.meta.segment.strategy." ~ key ~ " is missing in its YAML. See CONTRIBUTING.md, 'A segment'.") }}
        {%- endfor -%}
        {%- if said.kind not in ('dynamic', 'static') -%}
            {{ exceptions.raise_compiler_error(node.name ~ ": kind is '" ~ said.kind ~ "'; it is dynamic or static.") }}
        {%- endif -%}
        {%- set definition = segment_definition(node) -%}
        {%- do found.append(dict(
            said, code=node.name[4:], definition=definition, definition_hash=local_md5(definition))) -%}
    {%- endfor -%}
    {%- set experiments = found | map(attribute='holdout', default={}) | map(attribute='experiment', default='') | select | list -%}
    {%- if experiments | unique | list | length < experiments | length -%}
        {{ exceptions.raise_compiler_error(
            'Two segments name one holdout experiment (' ~ experiments | sort | join(', ') ~ '). Give each its own.') }}
    {%- endif -%}
    {%- for said in found if said.challenges and said.challenges not in found | map(attribute='code') -%}
        {{ exceptions.raise_compiler_error(
            'seg_' ~ said.code ~ ": it challenges '" ~ said.challenges ~ "', and there is no such segment.") }}
    {%- endfor -%}
    {{ return(found | sort(attribute='priority')) }}
{%- endmacro %}
