{#-
    The names of all channels. The audience of a channel is models/activation/channels/<channel>/aud_<channel>.sql. A new
    channel needs a line here, because dbt must know every ref() when it parses.
-#}
{% macro channels() -%}
    {{ return([
        'crm',
        'email',
        'google_ads',
        'linkedin',
        'meta',
        'microsoft',
        'tiktok',
        'website',
        'x'
    ]) }}
{%- endmacro %}
