{#-
    An e-mail as TikTok hashes it: no +suffix, on any domain; dots stay.
    Takes an address that is already in lower case; null where nothing is left before the @.
-#}
{% macro tiktok_email(email) -%}
    nullif(split_part(split_part({{ email }}, '@', 1), '+', 1), '') || '@' || split_part({{ email }}, '@', 2)
{%- endmacro %}
