{#- What a segment's holdout is to be even in (its YAML's holdout.stratify_by), of one customer, as text. -#}
{% macro stratum_of(profile) -%}
    case segments.segment_code
        {%- for segment in (segment_properties() if execute else []) if segment.get('holdout', {}).get('stratify_by') %}
        when '{{ segment.code }}' then coalesce(cast({{ profile }}.{{ segment.holdout.stratify_by }} as string), 'unknown')
        {%- endfor %}
        when '' then null
        else 'all'
    end
{%- endmacro %}
