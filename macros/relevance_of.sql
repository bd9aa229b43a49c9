{#- How much a segment has to do with one of its members (the score its YAML names as relevance), or null. -#}
{% macro relevance_of(profile) -%}
    case judged.segment_code
        {%- for segment in (segment_properties() if execute else []) if segment.get('relevance') %}
        when '{{ segment.code }}' then cast({{ profile }}.{{ segment.relevance }} as double)
        {%- endfor %}
        when '' then null
    end
{%- endmacro %}
