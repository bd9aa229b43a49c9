{#-
    For each pair of a relation (left_no and right_no, two records of int_match_records), how far their fields agree: a
    pattern of one character a field, in the order of match_fields(). A dash means that one side is empty, 0 that they
    differ, a higher digit that they are closer (see agreement_level). `other_columns` are columns of the relation to
    pass on. The macro writes a select, for a CTE or a model.
-#}
{% macro agreement(pairs, other_columns=[]) -%}
with

-- As names are normalised. Two of them may be one then.
nicknames as (

    select distinct
        least({{ without_umlaut_e('name') }}, {{ without_umlaut_e('other_name') }}) as name,
        greatest({{ without_umlaut_e('name') }}, {{ without_umlaut_e('other_name') }}) as other_name
    from {{ ref('nicknames') }}

),

distances as (

    select
        pairs.left_no,
        pairs.right_no,
        {% for column in other_columns %}pairs.{{ column }},{% endfor %}
        nicknames.name is not null as is_nickname,
        lefts.generation <> rights.generation as is_other_generation,
        lefts.has_known_first_name and rights.has_known_first_name as are_known_first_names,
        lefts.first_name = rights.last_name and lefts.last_name = rights.first_name
        and lefts.first_name <> lefts.last_name as is_swapped,
        {% for field, kind in match_fields().items() -%}
        {{ field_distance(field, kind) }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ pairs }} as pairs
    inner join {{ ref('int_match_records') }} as lefts on pairs.left_no = lefts.record_no
    inner join {{ ref('int_match_records') }} as rights on pairs.right_no = rights.record_no
    left join nicknames
        on
            least(lefts.first_name, rights.first_name) = nicknames.name
            and greatest(lefts.first_name, rights.first_name) = nicknames.other_name

)

select
    left_no,
    right_no,
    {% for column in other_columns %}{{ column }},{% endfor %}
    {% for field, kind in match_fields().items() -%}
    {{ agreement_level(field, kind) }} {{ '||' if not loop.last else 'as pattern' }}
    {% endfor %}
from distances
{%- endmacro %}

{#-
    How far one field of two records (lefts, rights) is apart, as columns: <field>_edits, the edit distance, and for
    text <field>_length, the longer length, and <field>_contains, whether one side contains the other. Where the lengths
    alone show that two values are far apart, the distance is 99, which spares computing it.
-#}
{% macro field_distance(field, kind) -%}
{%- set left, right = 'lefts.' ~ field, 'rights.' ~ field -%}
{%- set longer = 'greatest(length(' ~ left ~ '), length(' ~ right ~ '))' -%}
        {% if kind in ['name', 'text', 'address'] -%}
        {{ longer }} as {{ field }}_length,
        {% if kind == 'address' -%}
        split_part({{ left }}, '@', 1) = split_part({{ right }}, '@', 1) as {{ field }}_contains,
        {% else -%}
        position({{ left }} in {{ right }}) > 0 or position({{ right }} in {{ left }}) > 0 as {{ field }}_contains,
        {% endif -%}
        {% endif -%}
        case
            when {{ left }} is null or {{ right }} is null then null
            when {{ left }} = {{ right }} then 0
            {% if kind == 'same' -%}
            else 1
            {% else -%}
            when
                abs(length({{ left }}) - length({{ right }}))
                > {{ 2 if kind in ['code', 'date'] else 'greatest(2, 0.4 * ' ~ longer ~ ')' }}
                then 99
            else levenshtein({{ left }}, {{ right }})
            {% endif -%}
        end as {{ field }}_edits
{%- endmacro %}

{#-
    The level of agreement of one field, from its distance columns. Text: 4 equal, 3 one edit, 2 two edits, 1 alike,
    0 different; given names also 5 nicknames and 6 swapped with the family name. Dates: 3 equal to 1 two edits. Codes:
    2 equal, 1 one edit. Others: 1 equal.
-#}
{% macro agreement_level(field, kind) -%}
    case
        {% if field == 'first_name' -%}
        {# Leopold Lockhart Sr is not Leopold Lockhart Jr. -#}
        when is_other_generation then '0'
        when is_swapped then '6'
        {% elif field == 'last_name' -%}
        when is_swapped then '-'
        {% endif -%}
        when {{ field }}_edits is null then '-'
        {% if kind in ['name', 'text', 'address'] -%}
        when {{ field }}_edits = 0 then '4'
        {% if field == 'first_name' -%}
        when is_nickname then '5'
        {# Two given names in use are alike at most: Mario is no misspelling of Mark. -#}
        when are_known_first_names and first_name_edits <= 2 then '1'
        {% endif -%}
        when {{ field }}_edits = 1 and {{ field }}_length >= 3 then '3'
        when {{ field }}_edits = 2 and {{ field }}_length >= 5 then '2'
        when {{ field }}_contains or {{ field }}_edits <= 0.4 * {{ field }}_length then '1'
        {% elif kind == 'date' -%}
        when {{ field }}_edits <= 2 then cast(3 - {{ field }}_edits as string)
        {% elif kind == 'code' -%}
        when {{ field }}_edits <= 1 then cast(2 - {{ field }}_edits as string)
        {% else -%}
        when {{ field }}_edits = 0 then '1'
        {% endif -%}
        else '0'
    end
{%- endmacro %}
