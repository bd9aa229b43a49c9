{#-
    The settings of every bandit, config.meta.segment.bandit in the YAML of its segment, as a list of mappings in order
    of experiment, with the segment's code. A bandit that cannot be evaluated later, or whose floors leave nothing to
    choose, stops the build.
-#}
{% macro bandit_properties() -%}
    {%- set bandits = [] -%}
    {%- for segment in segment_properties() if segment.bandit -%}
        {%- set bandit = dict({'outcome': 'purchased', 'days': 14, 'floor': 0.1, 'memory_days': 180}, **segment.bandit) -%}
        {%- set variants = bandit.get('variants', []) -%}
        {%- set names = [] if variants is string else variants | map('string') | unique | list -%}
        {%- set errors = [] -%}
        {%- if not segment.get('holdout', {}).get('share') -%}
            {%- do errors.append(' needs a holdout: without one, the effect of its variants cannot be measured.') -%}
        {%- elif 'email' not in segment.channels and 'website' not in segment.channels -%}
            {%- do errors.append(' needs email or website among its channels: the rows of other channels name no variant.') -%}
        {%- elif not bandit.experiment or bandit.experiment == segment.holdout.experiment -%}
            {%- do errors.append('.experiment is the name of the bandit, and differs from the name of the holdout.') -%}
        {%- elif names | length < 2 or names | length < variants | length -%}
            {%- do errors.append('.variants is a list of two or more, each with a name of its own.') -%}
        {%- elif bandit.outcome not in ('purchased', 'clicked') -%}
            {%- do errors.append(".outcome is '" ~ bandit.outcome ~ "'; it is purchased or clicked.") -%}
        {%- elif bandit.floor is not number or bandit.floor <= 0 or bandit.floor * names | length > 1 -%}
            {%- do errors.append(
                '.floor is ' ~ bandit.floor ~ '; it is a number above 0, and all floors together at most 1.') -%}
        {%- endif -%}
        {%- for name in names if not modules.re.fullmatch('[a-z0-9_]+', name) -%}
            {%- do errors.append(".variants has '" ~ name ~ "'; a name consists of lower-case letters, digits and _.") -%}
        {%- endfor -%}
        {%- for key in ('days', 'memory_days') if bandit[key] is not integer or bandit[key] < 1 -%}
            {%- do errors.append('.' ~ key ~ ' is ' ~ bandit[key] ~ '; it is a whole number of days, 1 or more.') -%}
        {%- endfor -%}
        {%- if errors -%}
            {{ exceptions.raise_compiler_error('seg_' ~ segment.code ~ ': bandit' ~ errors[0]) }}
        {%- endif -%}
        {%- do bandits.append(dict(bandit, segment=segment.code, variants=names | sort)) -%}
    {%- endfor -%}
    {%- set experiments = bandits | map(attribute='experiment') | list -%}
    {%- if experiments | unique | list | length < experiments | length -%}
        {{ exceptions.raise_compiler_error(
            'Two bandits have one name (' ~ experiments | sort | join(', ') ~ '). Give each its own.') }}
    {%- endif -%}
    {{ return(bandits | sort(attribute='experiment')) }}
{%- endmacro %}
