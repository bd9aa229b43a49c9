{#-
    One row per audience row of `rows` and identifier by which its platform removes it: the identifier as a JSON object,
    and its position among those of the channel. A column whose name ends in _type and the column after it are one
    identifier: a login is not the device of the same name.
-#}
{% macro removal_identifiers(rows) -%}
{%- for properties in (channel_properties() if execute else []) -%}
{%- set outer = loop -%}
{%- set columns = [] -%}
{%- for column in properties.removed_by -%}
{%- do columns.append(column) -%}
{%- if not column.endswith('_type') %}
select
    audience_row_id,
    channel,
    audience_code,
    {{ loop.index }} as position,
    {{ json_text_object(columns) }} as identifier
from (
    select
        audience_row_id,
        channel,
        audience_code,
        {%- for part in columns %}
        {{ json_field('identifiers', part) }} as {{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ rows }}
    where channel = '{{ properties.channel }}'
) as {{ properties.channel }}_rows
where {{ column }} is not null
{{ 'union all' if not (outer.last and loop.last) }}
{%- do columns.clear() -%}
{%- endif -%}
{%- endfor -%}
{%- endfor -%}
{%- endmacro %}
