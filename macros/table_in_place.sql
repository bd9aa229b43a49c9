{#-
    A table is created where it belongs. dbt-duckdb builds it under another name first, renames it and drops what was
    there, so that readers see no gap: nobody reads the file of a build, and each statement costs a few milliseconds.
    Hooks and descriptions work as in dbt-duckdb.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing is not none %}
        {{ adapter.drop_relation(existing) }}
    {% endif %}
    {% call statement('main', language=model['language']) %}
        {{- create_table_as(False, target, compiled_code, model['language']) }}
    {% endcall %}
    {% do create_indexes(target) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
