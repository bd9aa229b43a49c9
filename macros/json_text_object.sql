{#- Text columns as one JSON object, as text. Columns that are null are omitted. -#}
{% macro json_text_object(columns) -%}
    '{' || concat_ws(
        ','
        {%- for column in columns %},
        '"{{ column }}":"' || replace(replace({{ column }}, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"'
        {%- endfor %}
    ) || '}'
{%- endmacro %}
