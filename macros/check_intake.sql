{#-
    Before dbt runs, check that intake has run, for the same currency, and as of the same moment or later. An
    earlier as_of is a back-test. A later one would report customers as inactive whose events intake has not read.
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
        {%- set intake = run_query(
            "select as_of < " ~ as_of() ~ ", as_of, currency from read_parquet('" ~ home ~ "/intake/run.parquet')").rows[0] -%}
        {%- if intake[0] -%}
            {{ exceptions.raise_compiler_error(
                "Intake ran as of " ~ intake[1] ~ ", and dbt is to build as of " ~ var('as_of')
                ~ ". Run intake again, or pass --vars '{as_of: \"" ~ intake[1] ~ "\"}'.") }}
        {%- endif -%}
        {%- if intake[2] != var('currency') -%}
            {{ exceptions.raise_compiler_error(
                "Intake checked that amounts are in " ~ intake[2] ~ " or have exchange rates, and dbt is to build in "
                ~ var('currency') ~ ". Pass --vars '{currency: " ~ intake[2] ~ "}', or run intake again.") }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
