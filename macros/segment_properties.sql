{#-
    The settings of every segment, from its YAML, as a list of mappings in order of priority. `channels` are expanded:
    a group of channels is replaced by its members. A missing setting stops the build, because nobody can act on a
    segment without an owner and a strategy. So does an unknown kind, channel or segment.
-#}
{% macro segment_properties() -%}
    {%- set required = ['label', 'owner', 'kind', 'refresh', 'priority', 'minimum_share', 'needs', 'channels',
                        'suppress_inactive', 'strategy'] -%}
    {%- set strategy = ['objective', 'messaging_themes', 'offer', 'success_metric'] -%}
    {%- set channels = channel_properties() -%}
    {%- set segments = [] -%}
    {%- for node in models_named('seg_') -%}
        {%- set settings = node.config.meta.get('segment', {}) -%}
        {%- set place = node.name ~ ': config.meta.segment.' -%}
        {%- for key in required if settings.get(key) is none -%}
            {{ exceptions.raise_compiler_error(place ~ key ~ " is missing in its YAML. See CONTRIBUTING.md, 'A segment'.") }}
        {%- endfor -%}
        {%- for key in strategy if not settings.strategy.get(key) -%}
            {{ exceptions.raise_compiler_error(
                place ~ 'strategy.' ~ key ~ " is missing in its YAML. See CONTRIBUTING.md, 'A segment'.") }}
        {%- endfor -%}
        {%- if settings.kind not in ('dynamic', 'static') -%}
            {{ exceptions.raise_compiler_error(place ~ "kind is '" ~ settings.kind ~ "'. It is dynamic or static.") }}
        {%- endif -%}
        {%- set definition = segment_definition(node) -%}
        {%- do segments.append(dict(
            settings,
            code=node.name[4:],
            channels=expanded_channels(settings.channels, channels, place ~ 'channels'),
            definition=definition,
            definition_hash=local_md5(definition)
        )) -%}
    {%- endfor -%}
    {%- set codes = segments | map(attribute='code') | list -%}
    {#- A segment that suppresses others is one that every other segment excludes. -#}
    {%- set suppressing = segments | selectattr('suppresses_others', 'true') | map(attribute='code') | list -%}
    {%- for segment in segments -%}
        {%- set others = suppressing | reject('equalto', segment.code) | list -%}
        {%- if not segment.suppresses_others and others -%}
            {%- do segment.update({'excludes': (segment.get('excludes', []) + others) | unique | list}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for segment in segments -%}
        {%- for other in segment.get('excludes', []) + ([segment.challenges] if segment.challenges else []) if other not in codes -%}
            {{ exceptions.raise_compiler_error(
                'seg_' ~ segment.code ~ ": its YAML names the segment '" ~ other ~ "', which does not exist.") }}
        {%- endfor -%}
    {%- endfor -%}
    {%- set experiments = segments | map(attribute='holdout', default={}) | map(attribute='experiment', default='') | select | list -%}
    {%- if experiments | unique | list | length < experiments | length -%}
        {{ exceptions.raise_compiler_error(
            'Two segments name the same holdout experiment (' ~ experiments | sort | join(', ') ~ '). Give each its own.') }}
    {%- endif -%}
    {{ return(segments | sort(attribute='priority')) }}
{%- endmacro %}
