{#-
    The bandits that segments' YAML asks for, as a list of mappings in order of experiment, with the segment's code.
    One that could not be read later, or whose floors leave nothing to choose with, stops the build.
-#}
{% macro bandit_properties() -%}
    {%- set found = [] -%}
    {%- for segment in segment_properties() if segment.bandit -%}
        {%- set said = segment.bandit -%}
        {%- set where = 'seg_' ~ segment.code ~ ': bandit' -%}
        {%- set variants = said.get('variants', []) -%}
        {%- set floor = said.get('floor', 0.1) -%}
        {%- if not segment.get('holdout', {}).get('share') -%}
            {{ exceptions.raise_compiler_error(
                where ~ ' needs a holdout: without one nobody can say what any of its variants brought.') }}
        {%- elif not said.experiment or said.experiment == segment.holdout.experiment -%}
            {{ exceptions.raise_compiler_error(where ~ '.experiment names it, and not as the holdout is named.') }}
        {%- elif variants | length < 2 or variants | unique | list | length < variants | length -%}
            {{ exceptions.raise_compiler_error(where ~ '.variants are two or more, each with a name of its own.') }}
        {%- elif said.get('outcome', 'purchased') not in ('purchased', 'clicked') -%}
            {{ exceptions.raise_compiler_error(
                where ~ ".outcome is '" ~ said.outcome ~ "'; it is purchased or clicked.") }}
        {%- elif floor <= 0 or floor * variants | length > 1 -%}
            {{ exceptions.raise_compiler_error(
                where ~ '.floor is ' ~ floor ~ '; it is above 0, and all floors together at most 1.') }}
        {%- endif -%}
        {%- do found.append({
            'experiment': said.experiment, 'segment': segment.code, 'variants': variants | sort,
            'outcome': said.get('outcome', 'purchased'), 'days': said.get('days', 14), 'floor': floor,
            'memory_days': said.get('memory_days', 180),
        }) -%}
    {%- endfor -%}
    {%- set names = found | map(attribute='experiment') | list -%}
    {%- if names | unique | list | length < names | length -%}
        {{ exceptions.raise_compiler_error('Two bandits have one name (' ~ names | join(', ') ~ '). Give each its own.') }}
    {%- endif -%}
    {{ return(found | sort(attribute='experiment')) }}
{%- endmacro %}
