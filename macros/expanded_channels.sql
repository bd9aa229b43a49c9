{#-
    The channels that a list in YAML names, in order. A list may name a group, such as `ads`: it means every channel
    whose `meta.channel.groups` has it. `channels` is channel_properties(). `place` says in an error where the list is.
-#}
{% macro expanded_channels(names, channels, place) -%}
    {%- set expanded = [] -%}
    {%- for name in names -%}
        {%- set members = [] -%}
        {%- for channel in channels if name == channel.channel or name in channel.get('groups', []) -%}
            {%- do members.append(channel.channel) -%}
        {%- endfor -%}
        {%- if not members -%}
            {%- set groups = channels | map(attribute='groups', default=[]) | sum(start=[]) | unique | sort -%}
            {{ exceptions.raise_compiler_error(
                place ~ " names '" ~ name ~ "'. It is neither a channel (" ~ channels | map(attribute='channel') | join(', ')
                ~ ') nor a group of channels (' ~ groups | join(', ') ~ ').') }}
        {%- endif -%}
        {%- do expanded.extend(members) -%}
    {%- endfor -%}
    {{ return(expanded | unique | sort) }}
{%- endmacro %}
