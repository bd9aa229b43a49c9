{#-
    The mailbox that an e-mail reaches, whatever its spelling: no +suffix, and at Gmail no dots and one domain. Two
    addresses that Google or TikTok hashes to the same value have the same mailbox.
    Takes an address that is already in lower case; the address itself where nothing is left before the @.
-#}
{% macro mailbox(email) -%}
    coalesce(replace({{ tiktok_email(google_email(email)) }}, '@googlemail.com', '@gmail.com'), {{ email }})
{%- endmacro %}
