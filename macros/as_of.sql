{#-
    'Now': the moment every window ends at, in UTC. It is the var `as_of`, or else the moment of the last intake, so that a
    plain `dbt build` is about what intake has read. Nothing in this project reads a clock. (A model of an own project sees no
    var but those of its project, hence the defaults here and in other macros that own models call.)
-#}
{% macro as_of() -%}
    {%- set moment = var('as_of', none) -%}
    {%- if not moment and execute -%}
        {%- set intake = env_var('AUDIENCEKIT_HOME', 'var') ~ '/intake/run.parquet' -%}
        {%- if run_query("select count(*) from glob('" ~ intake ~ "')").rows[0][0] -%}
            {%- set moment = run_query("select as_of from read_parquet('" ~ intake ~ "')").rows[0][0] -%}
        {%- endif -%}
    {%- endif -%}
    cast({{ "'" ~ moment ~ "'" if moment else 'null' }} as timestamp)
{%- endmacro %}
