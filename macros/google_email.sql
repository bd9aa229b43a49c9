{#-
    An e-mail as Google hashes it: for gmail.com and googlemail.com only, no dots and no +suffix.
    Takes an address that is already in lower case; null where nothing is left before the @.
-#}
{% macro google_email(email) -%}
    case
        when split_part({{ email }}, '@', 2) in ('gmail.com', 'googlemail.com')
            then
                nullif(replace(split_part(split_part({{ email }}, '@', 1), '+', 1), '.', ''), '')
                || '@' || split_part({{ email }}, '@', 2)
        else {{ email }}
    end
{%- endmacro %}
