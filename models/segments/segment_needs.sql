-- One row per segment and landing table it needs.
{% for segment in (segment_properties() if execute else []) %}
{% for name in segment.needs %}
select
    '{{ segment.code }}' as segment_code,
    '{{ name }}' as landing_table
union all
{% endfor %}
{% endfor %}
-- The query is whole even where no segment has a list.
select
    cast(null as string) as segment_code,
    cast(null as string) as landing_table
where false
