{#-
    A birth date as the source wrote it, as eight digits YYYYMMDD where it can be parsed, else its digits as they are: a
    date with a typing error is still evidence. A time of day is cut off. Where the year comes last, day and month keep
    their order.
-#}
{% macro birth_digits(raw_value) -%}
    {%- set day = replace_all("trim(" ~ raw_value ~ ")", "[ T][0-9]{1,2}:.*$", "") -%}
    {%- set with_dashes = replace_all(day, '[^0-9]+', '-') -%}
    nullif(case
        when {{ matches(with_dashes, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$') }}
            then
                split_part({{ with_dashes }}, '-', 1) || lpad(split_part({{ with_dashes }}, '-', 2), 2, '0')
                || lpad(split_part({{ with_dashes }}, '-', 3), 2, '0')
        when {{ matches(with_dashes, '^[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}$') }}
            then
                split_part({{ with_dashes }}, '-', 3) || lpad(split_part({{ with_dashes }}, '-', 1), 2, '0')
                || lpad(split_part({{ with_dashes }}, '-', 2), 2, '0')
        else {{ replace_all(day, '[^0-9]', '') }}
    end, '')
{%- endmacro %}

{#-
    The date, where the year comes first, it is not after as_of, and nobody born on it would be older than 110; else null.
    1900-01-01, 1604 and 0000 are what systems write for an unknown year.
-#}
{% macro birth_date(raw_value) -%}
    {%- set digits = birth_digits(raw_value) -%}
    {%- set day = "try_cast(substring(" ~ digits ~ ", 1, 4) || '-' || substring(" ~ digits ~ ", 5, 2) || '-' || substring("
        ~ digits ~ ", 7, 2) as date)" -%}
    case
        when
            length({{ digits }}) = 8
            and {{ matches('trim(' ~ raw_value ~ ')', '^[0-9]{4}') }}
            and {{ day }} > {{ dbt.dateadd('year', -110, as_of()) }}
            and {{ day }} <= {{ as_of() }}
            then {{ day }}
    end
{%- endmacro %}
