-- Law: every rule in models/segments/rules is listed in segment_matches. (A listed rule without a file does
-- not parse.)
{% set files = [] %}
{% for node in models_named('seg_') %}
{% do files.append(node.name[4:]) %}
{% endfor %}
{% set listed = [] %}
{% for node in graph.nodes.values() if node.name == 'segment_matches' %}
{% for parent in node.depends_on.nodes if parent.split('.')[-1].startswith('seg_') %}
{% do listed.append(parent.split('.')[-1][4:]) %}
{% endfor %}
{% endfor %}
{% for name in files if name not in listed %}
select 'seg_{{ name }} is not listed in segment_matches' as problem
union all
{% endfor %}
select cast(null as string) as problem
where false
