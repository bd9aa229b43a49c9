{#-
    The settings of every channel, config.meta.channel in the YAML of its aud_ model, as a list of mappings in order of
    channel. A channel with a missing or wrong setting stops the build. The keys:

    label            the name that people read
    groups           optional: names under which a segment's YAML lists several channels at once, as [ads]
    purposes         the purposes that a customer must all allow; [] where the channel needs no permission
    needs_explicit_consent    true: only the customer's own grant counts, even where the law allows more
    picks_by         how one segment of an exclusive group is chosen: by priority, by relevance, or all (all are kept)
    customer_column  the column with the customer's key
    removed_by       the columns by which a platform removes a row: keys and hashes, never contact data
-#}
{% macro channel_properties() -%}
    {%- set required = ['label', 'purposes', 'needs_explicit_consent', 'picks_by', 'customer_column', 'removed_by'] -%}
    {%- set properties = [] -%}
    {%- for channel in channels() -%}
        {%- for node in models_named('aud_') if node.name == 'aud_' ~ channel -%}
            {%- set settings = dict({'groups': []}, **node.config.meta.get('channel', {})) -%}
            {%- for key in required if settings.get(key) is none -%}
                {{ exceptions.raise_compiler_error(
                    node.name ~ ": config.meta.channel." ~ key ~ " is missing in its YAML. See docs/channels.md.") }}
            {%- endfor -%}
            {%- if settings.picks_by not in ('all', 'priority', 'relevance') -%}
                {{ exceptions.raise_compiler_error(
                    node.name ~ ": picks_by is '" ~ settings.picks_by ~ "'; it is all, priority or relevance.") }}
            {%- endif -%}
            {%- if settings.groups is string or settings.groups is not iterable -%}
                {{ exceptions.raise_compiler_error(
                    node.name ~ ": config.meta.channel.groups is '" ~ settings.groups ~ "'; it is a list, as [ads].") }}
            {%- endif -%}
            {%- do properties.append(dict(settings, channel=channel)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(properties) }}
{%- endmacro %}
