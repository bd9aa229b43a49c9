-- One row per segment and channel it is for.
{% for segment in (segment_properties() if execute else []) %}
{% for name in segment.channels %}
select
    '{{ segment.code }}' as segment_code,
    '{{ name }}' as channel
union all
{% endfor %}
{% endfor %}
-- The query is whole even where no segment has a list.
select
    cast(null as string) as segment_code,
    cast(null as string) as channel
where false
