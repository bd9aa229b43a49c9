-- One row per bandit and variant, with the bandit's settings from the segment's YAML.
{% for bandit in (bandit_properties() if execute else []) %}
{% for variant in bandit.variants %}
select
    {{ quoted(bandit.experiment) }} as experiment_code,
    '{{ bandit.segment }}' as segment_code,
    {{ quoted(variant) }} as variant,
    '{{ bandit.outcome }}' as outcome_name,
    cast({{ bandit.days }} as bigint) as window_days,
    cast({{ bandit.memory_days }} as bigint) as memory_days,
    cast({{ bandit.floor }} as double) as floor_share
union all
{% endfor %}
{% endfor %}
-- Without any bandit, the model has no rows.
select
    cast(null as string) as experiment_code,
    cast(null as string) as segment_code,
    cast(null as string) as variant,
    cast(null as string) as outcome_name,
    cast(null as bigint) as window_days,
    cast(null as bigint) as memory_days,
    cast(null as double) as floor_share
where false
