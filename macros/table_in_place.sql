{#-
    A table is created where it belongs. dbt-duckdb builds it under another name first, renames it and drops what was
    there, so that readers see no gap: nobody reads the file of a build, and each statement costs a few milliseconds.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {% if existing is not none %}
        {{ adapter.drop_relation(existing) }}
    {% endif %}
    {% call statement('main', language=model['language']) %}
        {{- create_table_as(False, target, compiled_code, model['language']) }}
    {% endcall %}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
