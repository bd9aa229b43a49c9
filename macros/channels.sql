{#- Every channel: its audience table is models/activation/<channel>/aud_<channel>.sql. A new one is a line here. -#}
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
