-- Law: no two feature tables have a column of the same name, apart from their keys. feat_all joins them all, and an
-- engine may rename the second column without an error.
{% set owners = {} %}
{% for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.name.startswith('feat_') and node.name != 'feat_all' %}
{% set table = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) %}
{% for column in (adapter.get_columns_in_relation(table) if table else []) if column.name not in ('customer_key', 'moment_at') %}
{% do owners.setdefault(column.name, []).append(node.name) %}
{% endfor %}
{% endfor %}
-- depends_on: {{ ref('feat_all') }}
{% for column, tables in owners.items() if tables | length > 1 %}
select '{{ column }} is in {{ tables | join(' and ') }}' as problem
union all
{% endfor %}
select cast(null as string) as problem
where false
