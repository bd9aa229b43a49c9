{#-
    For each pair of a relation (left_no, right_no: two records of int_match_records) how far the fields agree: a
    pattern with one letter a field, in the order of match_fields(). A dash: one side does not say. 0: different;
    higher: closer, and then the same. `kept` are further columns of the relation. A select, to be named in a CTE.
-#}
{% macro agreement(pairs, kept=[]) -%}
{%- set fields = match_fields() -%}
with

distances as (

    select
        pairs.left_no,
        pairs.right_no,
        {% for column in kept %}pairs.{{ column }},{% endfor %}
        nicknames.name is not null as is_nickname,
        lefts.has_known_first_name and rights.has_known_first_name as are_known_first_names,
        lefts.first_name = rights.last_name and lefts.last_name = rights.first_name
        and lefts.first_name <> lefts.last_name as is_swapped,
        {% for field, kind in fields.items() -%}
        {% set left, right = 'lefts.' ~ field, 'rights.' ~ field -%}
        {% if kind in ['name', 'text', 'address'] -%}
        greatest(length({{ left }}), length({{ right }})) as {{ field }}_length,
        {% if kind == 'address' -%}
        split_part({{ left }}, '@', 1) = split_part({{ right }}, '@', 1) as {{ field }}_holds,
        {% else -%}
        position({{ left }} in {{ right }}) > 0 or position({{ right }} in {{ left }}) > 0 as {{ field }}_holds,
        {% endif -%}
        {% endif -%}
        case
            when {{ left }} is null or {{ right }} is null then null
            when {{ left }} = {{ right }} then 0
            {% if kind == 'same' -%}
            else 1
            {% else -%}
            -- Lengths alone tell that they are far apart.
            when
                abs(length({{ left }}) - length({{ right }}))
                > {% if kind in ['code', 'date'] %}2{% else %}greatest(2, 0.4 * greatest(length({{ left }}), length({{ right }}))){% endif %}
                then 99
            else levenshtein({{ left }}, {{ right }})
            {% endif -%}
        end as {{ field }}_slips{{ ',' if not loop.last }}
        {% endfor %}
    from {{ pairs }} as pairs
    inner join {{ ref('int_match_records') }} as lefts on pairs.left_no = lefts.record_no
    inner join {{ ref('int_match_records') }} as rights on pairs.right_no = rights.record_no
    left join {{ ref('nicknames') }} as nicknames
        on
            least(lefts.first_name, rights.first_name) = nicknames.name
            and greatest(lefts.first_name, rights.first_name) = nicknames.other_name

)

select
    left_no,
    right_no,
    {% for column in kept %}{{ column }},{% endfor %}
    {% for field, kind in fields.items() -%}
    case
        {% if field == 'first_name' -%}
        when is_swapped then '6'
        {% elif field == 'last_name' -%}
        when is_swapped then '-'
        {% endif -%}
        when {{ field }}_slips is null then '-'
        {% if kind in ['name', 'text', 'address'] -%}
        when {{ field }}_slips = 0 then '4'
        {% if field == 'first_name' -%}
        when is_nickname then '5'
        -- Mario is no slip of Mark.
        when are_known_first_names and first_name_slips <= 2 then '1'
        {% endif -%}
        when {{ field }}_slips = 1 and {{ field }}_length >= 3 then '3'
        when {{ field }}_slips = 2 and {{ field }}_length >= 5 then '2'
        when {{ field }}_holds or {{ field }}_slips <= 0.4 * {{ field }}_length then '1'
        {% elif kind == 'date' -%}
        when {{ field }}_slips <= 2 then cast(3 - {{ field }}_slips as string)
        {% elif kind == 'code' -%}
        when {{ field }}_slips <= 1 then cast(2 - {{ field }}_slips as string)
        {% else -%}
        when {{ field }}_slips = 0 then '1'
        {% endif -%}
        else '0'
    end {{ '||' if not loop.last else 'as pattern' }}
    {% endfor %}
from distances
{%- endmacro %}
