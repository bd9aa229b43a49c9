-- Law: no two feature tables have a column of the same name, apart from their keys. customer_features joins them all,
-- and an engine may rename the second column without an error.
-- depends_on: {{ ref('customer_features') }}
{% set owners = {} %}
{% for node in models_named('feat_') %}
{% set table = adapter.get_relation(node.database, node.schema, node.alias) %}
{% set columns = adapter.get_columns_in_relation(table) if table else [] %}
{% for column in columns if column.name not in ('customer_key', 'moment_at') %}
{% do owners.setdefault(column.name, []).append(node.name) %}
{% endfor %}
{% endfor %}
{% for column, tables in owners.items() if tables | length > 1 %}
select '{{ column }} is in {{ tables | join(' and ') }}' as problem
union all
{% endfor %}
select cast(null as string) as problem
where false
