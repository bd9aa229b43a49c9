{#-
    The bandits that segments' YAML asks for, as a list of mappings in order of experiment, with the segment's code.
    One that could not be read later, or whose floors leave nothing to choose with, stops the build.
-#}
{% macro bandit_properties() -%}
    {%- set found = [] -%}
    {%- for segment in segment_properties() if segment.bandit -%}
        {%- set said = dict({'outcome': 'purchased', 'days': 14, 'floor': 0.1, 'memory_days': 180}, **segment.bandit) -%}
        {%- set variants = said.get('variants', []) -%}
        {%- set names = [] if variants is string else variants | map('string') | unique | list -%}
        {%- set wrong = [] -%}
        {%- if not segment.get('holdout', {}).get('share') -%}
            {%- do wrong.append(' needs a holdout: without one nobody can say what any of its variants brought.') -%}
        {%- elif 'email' not in segment.channels and 'website' not in segment.channels -%}
            {%- do wrong.append(' needs email or website among its channels: no other row tells a variant.') -%}
        {%- elif not said.experiment or said.experiment == segment.holdout.experiment -%}
            {%- do wrong.append('.experiment names it, and not as the holdout is named.') -%}
        {%- elif names | length < 2 or names | length < variants | length -%}
            {%- do wrong.append('.variants is a list of two or more, each with a name of its own.') -%}
        {%- elif said.outcome not in ('purchased', 'clicked') -%}
            {%- do wrong.append(".outcome is '" ~ said.outcome ~ "'; it is purchased or clicked.") -%}
        {%- elif said.floor is not number or said.floor <= 0 or said.floor * names | length > 1 -%}
            {%- do wrong.append(
                '.floor is ' ~ said.floor ~ '; it is a number above 0, and all floors together at most 1.') -%}
        {%- endif -%}
        {%- for name in names if not modules.re.fullmatch('[a-z0-9_]+', name) -%}
            {%- do wrong.append(".variants has '" ~ name ~ "'; a name is of small letters, digits and _.") -%}
        {%- endfor -%}
        {%- for key in ('days', 'memory_days') if said[key] is not integer or said[key] < 1 -%}
            {%- do wrong.append('.' ~ key ~ ' is ' ~ said[key] ~ '; it is a whole number of days, 1 or more.') -%}
        {%- endfor -%}
        {%- if wrong -%}
            {{ exceptions.raise_compiler_error('seg_' ~ segment.code ~ ': bandit' ~ wrong[0]) }}
        {%- endif -%}
        {%- do found.append(dict(said, segment=segment.code, variants=names | sort)) -%}
    {%- endfor -%}
    {%- set experiments = found | map(attribute='experiment') | list -%}
    {%- if experiments | unique | list | length < experiments | length -%}
        {{ exceptions.raise_compiler_error(
            'Two bandits have one name (' ~ experiments | sort | join(', ') ~ '). Give each its own.') }}
    {%- endif -%}
    {{ return(found | sort(attribute='experiment')) }}
{%- endmacro %}
