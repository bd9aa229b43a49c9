{#-
    The rows of a landing table as they were known at as_of, one per business key: of several
    versions the latest wins, and a tie goes by content, never by file order. Key, clock and columns
    come from the contract (models/staging/_landing.yml). Only keys that occur twice are ranked.
-#}
{% macro latest_version(table) -%}
    {%- set landing = source('landing', table) -%}
    {%- set contract = namespace(key=['null'], latest_by=none, clocks=[], columns=['null']) -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == 'landing' and node.name == table -%}
            {%- set contract.key = node.meta.key -%}
            {%- set contract.latest_by = node.meta.latest_by -%}
            {%- set contract.clocks = [node.meta.event_at, node.meta.latest_by] | select | unique | list -%}
            {%- set contract.columns = node.columns.keys() | list -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set key = contract.key | join(', ') -%}
    (
        with known as (
            select * from {{ landing }}
            where
                true
                {%- for clock in contract.clocks %}
                and ({{ clock }} < {{ as_of() }} or {{ clock }} is null)
                {%- endfor %}
        ),

        repeated_keys as (
            select {{ key }} from known group by {{ key }} having count(*) > 1
        ),

        latest_of_repeated as (
            select known.*
            from known
            inner join repeated_keys using ({{ key }})
            qualify row_number() over (
                partition by {{ key }}
                order by
                    {% if contract.latest_by -%} {{ contract.latest_by }} desc nulls last, {% endif -%}
                    {% for column in contract.columns -%}
                    coalesce(cast({{ column }} as {{ dbt.type_string() }}), ''){{ ', ' if not loop.last }}
                    {%- endfor %}
            ) = 1
        )

        select {{ contract.columns | join(', ') }} from latest_of_repeated
        union all
        select {% for column in contract.columns %}known.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from known
        left join repeated_keys
            on {% for column in contract.key -%}
            known.{{ column }} = repeated_keys.{{ column }}{{ ' and ' if not loop.last }}
            {%- endfor %}
        where repeated_keys.{{ contract.key[0] }} is null
    ) as latest
{%- endmacro %}
