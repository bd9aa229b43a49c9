{#- A segment's rule as one line of text, followed by the rules of the segments that it reads. -#}
{% macro segment_definition(node) -%}
    {%- set lines = [] -%}
    {%- for line in node.raw_code.split('\n') if not line.strip().startswith('--') -%}
        {%- do lines.append(line.strip()) -%}
    {%- endfor -%}
    {%- set rule = lines | join(' ') | replace("{{ ref('", '') | replace("') }}", '') | trim -%}
    {{- rule -}}
    {%- for base in node.depends_on.nodes if graph.nodes[base].name.startswith('seg_') -%}
        {{- ' | ' ~ graph.nodes[base].name ~ ': ' ~ segment_definition(graph.nodes[base]) -}}
    {%- endfor -%}
{%- endmacro %}
