{#-
    Before dbt runs: has a landing been taken in, and as of the same moment? A plain `dbt build` uses
    the as_of of dbt_project.yml or --vars; an earlier as_of is a back-test, a later one would call
    customers inactive whose events were never taken in.
-#}
{% macro check_intake() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- set home = env_var('AUDIENCEKIT_HOME', 'var') -%}
        {%- set found = run_query("select count(*) from glob('" ~ home ~ "/intake/run.parquet')").rows[0][0] -%}
        {%- if not found -%}
            {{ exceptions.raise_compiler_error(
                "No landing has been taken in under " ~ home ~ "/intake. Run `audiencekit intake FOLDER` "
                ~ "first, or `make demo`.") }}
        {%- endif -%}
        {%- set is_later = run_query(
            "select as_of < " ~ as_of() ~ ", as_of from read_parquet('" ~ home ~ "/intake/run.parquet')").rows[0] -%}
        {%- if is_later[0] -%}
            {{ exceptions.raise_compiler_error(
                "The landing was taken in as of " ~ is_later[1] ~ " and dbt is asked for " ~ var('as_of')
                ~ ". Take it in again, or pass --vars '{as_of: \"" ~ is_later[1] ~ "\"}'.") }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
