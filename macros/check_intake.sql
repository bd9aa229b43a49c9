{#-
    Before dbt runs, check that intake has run, and as of the same moment or later. A plain `dbt build` uses
    the as_of of dbt_project.yml or --vars. An earlier as_of is a back-test. A later one would report customers
    as inactive whose events intake has not read.
-#}
{% macro check_intake() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- set home = env_var('AUDIENCEKIT_HOME', 'var') -%}
        {%- set has_intake = run_query("select count(*) from glob('" ~ home ~ "/intake/run.parquet')").rows[0][0] -%}
        {%- if not has_intake -%}
            {{ exceptions.raise_compiler_error(
                "There is no intake under " ~ home ~ "/intake. Run `audiencekit intake FOLDER` "
                ~ "first, or `make demo`.") }}
        {%- endif -%}
        {%- set is_later = run_query(
            "select as_of < " ~ as_of() ~ ", as_of from read_parquet('" ~ home ~ "/intake/run.parquet')").rows[0] -%}
        {%- if is_later[0] -%}
            {{ exceptions.raise_compiler_error(
                "Intake ran as of " ~ is_later[1] ~ ", and dbt is to build as of " ~ var('as_of')
                ~ ". Run intake again, or pass --vars '{as_of: \"" ~ is_later[1] ~ "\"}'.") }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
