{#-
    The rows of a landing table as they were known at as_of, one per business key. Of several versions the latest wins;
    of equal times the content decides, never the order of files. Only keys that occur twice are ranked, for speed.
    With `decisions` it has columns such as settled_email_opt_out, so that no version of a row loses a refusal: an opt-out
    counts if any version states it, and an opt-in does not if one of the latest versions, or one without a time, denies it.
    `event_at` and `latest_by` are the time columns that models/staging/_landing.yml declares for the table.
-#}
{% macro latest_version(table, key, event_at=none, latest_by=none, decisions=[]) -%}
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
            select
                {{ key | join(', ') }}{% if decisions %}, max({{ latest_by }}) as newest_at{% endif %}

            from rows_until_as_of
            group by {{ key | join(', ') }} having count(*) > 1
        ),

        latest_of_repeated as (
            select
                rows_until_as_of.*
                {%- for column in decisions %},
                {{ settled_decision(column, key, latest_by) }} as settled_{{ column }}
                {%- endfor %}

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
        select
            rows_until_as_of.*
            {%- for column in decisions %},
            rows_until_as_of.{{ column }}
            {%- endfor %}

        from rows_until_as_of
        left join repeated_keys on {{ same('rows_until_as_of', 'repeated_keys', key) }}
        where repeated_keys.{{ key[0] }} is null
    ) as latest
{%- endmacro %}

{#- What the versions of a row state together in a column of decisions. -#}
{% macro settled_decision(column, key, latest_by) -%}
    {%- set versions = 'partition by rows_until_as_of.' ~ key | join(', rows_until_as_of.') -%}
    {%- if column.endswith('opt_in') -%}
    bool_and(
        case
            when rows_until_as_of.{{ latest_by }} is null or rows_until_as_of.{{ latest_by }} = repeated_keys.newest_at
                then rows_until_as_of.{{ column }}
        end
    ) over ({{ versions }})
    {%- else -%}
    {{ 'bool_or' if column.endswith('opt_out') else 'max' }}(rows_until_as_of.{{ column }}) over ({{ versions }})
    {%- endif -%}
{%- endmacro %}

{#- Whether the columns of two relations are equal, null equal to null. -#}
{% macro same(left, right, columns) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} is not distinct from {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
