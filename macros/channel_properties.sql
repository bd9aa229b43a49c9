{#-
    What the YAML of every audience says of its channel, as a list of mappings in order of name. A channel that
    does not say all of it stops the build: a channel whose purposes nobody wrote down is nobody's to use.
-#}
{% macro channel_properties() -%}
    {%- set needed = ['label', 'purposes', 'needs_own_yes', 'picks_by', 'person', 'removed_by'] -%}
    {%- set found = [] -%}
    {%- for channel in channels() -%}
        {%- for node in graph.nodes.values() if node.name == 'aud_' ~ channel -%}
            {%- set said = node.config.meta.get('channel', {}) -%}
            {%- for key in needed if said.get(key) is none -%}
                {{ exceptions.raise_compiler_error(
                    node.name ~ ": config.meta.channel." ~ key ~ " is missing in its YAML. See docs/channels.md.") }}
            {%- endfor -%}
            {%- if said.picks_by not in ('all', 'priority', 'relevance') -%}
                {{ exceptions.raise_compiler_error(
                    node.name ~ ": picks_by is '" ~ said.picks_by ~ "'; it is all, priority or relevance.") }}
            {%- endif -%}
            {%- do found.append(dict(said, channel=channel)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
