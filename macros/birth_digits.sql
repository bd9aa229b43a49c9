{#-
    A birth date as typed, as eight digits YYYYMMDD where it can be read so, else its digits as they stand: a slip is
    still evidence. A time of day is cut off. What has the year last is taken in the order it stands in.
-#}
{% macro birth_digits(typed) -%}
    {%- set day = replace_all("trim(" ~ typed ~ ")", "[ T][0-9]{1,2}:.*$", "") -%}
    {%- set parted = replace_all(day, '[^0-9]+', '-') -%}
    nullif(case
        when {{ matches(parted, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$') }}
            then
                split_part({{ parted }}, '-', 1) || lpad(split_part({{ parted }}, '-', 2), 2, '0')
                || lpad(split_part({{ parted }}, '-', 3), 2, '0')
        when {{ matches(parted, '^[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}$') }}
            then
                split_part({{ parted }}, '-', 3) || lpad(split_part({{ parted }}, '-', 1), 2, '0')
                || lpad(split_part({{ parted }}, '-', 2), 2, '0')
        else {{ replace_all(day, '[^0-9]', '') }}
    end, '')
{%- endmacro %}

{#- The day itself, where the year comes first and it is a day between 1900 and as_of; else null. -#}
{% macro birth_date(typed) -%}
    {%- set digits = birth_digits(typed) -%}
    {%- set day = "try_cast(substring(" ~ digits ~ ", 1, 4) || '-' || substring(" ~ digits ~ ", 5, 2) || '-' || substring("
        ~ digits ~ ", 7, 2) as date)" -%}
    case
        when
            length({{ digits }}) = 8
            and {{ matches('trim(' ~ typed ~ ')', '^[0-9]{4}') }}
            and {{ day }} >= date '1900-01-01'
            and {{ day }} <= {{ as_of() }}
            then {{ day }}
    end
{%- endmacro %}
