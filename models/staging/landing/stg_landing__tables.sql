-- One row per table of the landing contract: whether it is provided, how many rows intake kept, and whether its newest
-- row is older than the freshness limit that the contract declares.
{% set micros = {'minute': 60000000, 'hour': 3600000000, 'day': 86400000000} %}
select
    tables.table_name,
    tables.is_present,
    tables.file_names,
    tables.rows_in,
    tables.rows_kept,
    tables.rows_quarantined,
    tables.rows_held_back,
    tables.keys_that_differ,
    tables.keys_undecided,
    tables.refusals_from_future,
    tables.rows_left_out,
    tables.rows_deleted,
    coalesce(erased.rows_erased, 0) as rows_erased,
    coalesce(erased.rows_after_erasure, 0) as rows_after_erasure,
    tables.newest_at,
    coalesce(
        {{ micros_between('tables.newest_at', as_of()) }}
        > case tables.table_name
            {% for source in (graph.sources.values() if execute else []) if source.source_name == 'landing' %}
            {% set limits = source.freshness %}
            {% set limit = limits.error_after if limits.error_after.count else limits.warn_after %}
            {% if limit.count %}
            when '{{ source.name }}' then {{ limit.count * micros[limit.period] }}
            {% endif %}
            {% endfor %}
            when '' then null
        end,
        false
    ) as is_stale
from {{ source('intake', 'tables') }} as tables
left join {{ source('intake', 'erased_counts') }} as erased on tables.table_name = erased.table_name
