{#-
    The names of all channels. The audience of a channel is models/activation/channels/<channel>/aud_<channel>.sql. A new
    channel needs a line here, or in `own_channels` of a project of one's own, because dbt must know every ref() when it
    parses.
-#}
{% macro channels() -%}
    {%- set ours = [
        'crm',
        'email',
        'google_ads',
        'linkedin',
        'meta',
        'microsoft',
        'tiktok',
        'website',
        'x'
    ] -%}
    {{ return((ours + var('own_channels')) | unique | sort) }}
{%- endmacro %}
