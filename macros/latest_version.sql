{#-
    The rows of a landing table as they were known at as_of, one per business key. Of several versions the latest wins;
    of equal times the content decides, never the order of files. Only keys that occur twice are ranked, for speed.
    `event_at` and `latest_by` are the time columns that models/staging/_landing.yml declares for the table.
-#}
{% macro latest_version(table, key, event_at=none, latest_by=none) -%}
    (
        with rows_until_as_of as (
            select * from {{ source('landing', table) }}
            where
                true
                {%- for time in [event_at, latest_by] | select | unique %}
                and ({{ time }} < {{ as_of() }} or {{ time }} is null)
                {%- endfor %}
        ),

        repeated_keys as (
            select {{ key | join(', ') }} from rows_until_as_of group by {{ key | join(', ') }} having count(*) > 1
        ),

        latest_of_repeated as (
            select rows_until_as_of.*
            from rows_until_as_of
            inner join repeated_keys on {{ same('rows_until_as_of', 'repeated_keys', key) }}
            qualify row_number() over (
                partition by rows_until_as_of.{{ key | join(', rows_until_as_of.') }}
                order by
                    {% if latest_by %}rows_until_as_of.{{ latest_by }} desc nulls last,{% endif %}
                    {{ row_as_text('rows_until_as_of') }}
            ) = 1
        )

        select * from latest_of_repeated
        union all
        select rows_until_as_of.*
        from rows_until_as_of
        left join repeated_keys on {{ same('rows_until_as_of', 'repeated_keys', key) }}
        where repeated_keys.{{ key[0] }} is null
    ) as latest
{%- endmacro %}

{#- Whether the columns of two relations are equal, null equal to null. -#}
{% macro same(left, right, columns) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} is not distinct from {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
