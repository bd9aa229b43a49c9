{#-
    A table of the ledger, with the columns that models/staging/ledger/_ledger.yml describes. Rows that this build
    appended are left out: a build that runs again after it was published must not read its own rows.
-#}
{% macro ledger_rows(table) -%}
{%- set described = graph.sources['source.audiencekit.ledger.' ~ table] if execute else {} %}
select {{ described.columns | join(', ') or '*' }}
from {{ source('ledger', table) }}
{%- if not described or not described.config.meta.ledger.is_state %}
where build_id <> '{{ var("build_id") }}'
{%- endif %}
{%- endmacro %}
