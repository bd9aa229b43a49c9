-- One row per segment and other segment it excludes: members of the other one are not addressed for this one.
{% for segment in (segment_properties() if execute else []) %}
{% for name in segment.get('excludes', []) %}
select
    '{{ segment.code }}' as segment_code,
    '{{ name }}' as excluded_segment_code
union all
{% endfor %}
{% endfor %}
-- The query is whole even where no segment has a list.
select
    cast(null as string) as segment_code,
    cast(null as string) as excluded_segment_code
where false
