{#-
    The rows of a landing table as they were known at as_of, one per business key: of several versions
    the latest wins, and a tie goes by content, never by file order. Only keys that occur twice are
    ranked. `event_at` and `latest_by` are the clocks of the contract (models/staging/_landing.yml).
-#}
{% macro latest_version(table, key, event_at=none, latest_by=none) -%}
    (
        with known as (
            select * from {{ source('landing', table) }}
            where
                true
                {%- for clock in [event_at, latest_by] | select | unique %}
                and ({{ clock }} < {{ as_of() }} or {{ clock }} is null)
                {%- endfor %}
        ),

        repeated_keys as (
            select {{ key | join(', ') }} from known group by {{ key | join(', ') }} having count(*) > 1
        ),

        latest_of_repeated as (
            select known.*
            from known
            inner join repeated_keys on {{ same('known', 'repeated_keys', key) }}
            qualify row_number() over (
                partition by known.{{ key | join(', known.') }}
                order by
                    {% if latest_by %}known.{{ latest_by }} desc nulls last,{% endif %}
                    {{ row_as_text('known') }}
            ) = 1
        )

        select * from latest_of_repeated
        union all
        select known.*
        from known
        left join repeated_keys on {{ same('known', 'repeated_keys', key) }}
        where repeated_keys.{{ key[0] }} is null
    ) as latest
{%- endmacro %}

{% macro same(left, right, columns) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} is not distinct from {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
