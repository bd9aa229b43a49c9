-- One row per bandit and variant, with what the segment's YAML says of the bandit.
select
    cast(experiment_code as string) as experiment_code,
    cast(segment_code as string) as segment_code,
    cast(variant as string) as variant,
    cast(outcome_name as string) as outcome_name,
    cast(window_days as bigint) as window_days,
    cast(memory_days as bigint) as memory_days,
    cast(floor_share as double) as floor_share
from (
    {% for bandit in (bandit_properties() if execute else []) %}
    {% set last = loop.last %}
    {% for variant in bandit.variants %}
    select
        {{ quoted(bandit.experiment) }} as experiment_code,
        '{{ bandit.segment }}' as segment_code,
        {{ quoted(variant) }} as variant,
        '{{ bandit.outcome }}' as outcome_name,
        {{ bandit.days }} as window_days,
        {{ bandit.memory_days }} as memory_days,
        {{ bandit.floor }} as floor_share
    {{ 'union all' if not (last and loop.last) }}
    {% endfor %}
    {% else %}
    select
        null as experiment_code,
        null as segment_code,
        null as variant,
        null as outcome_name,
        null as window_days,
        null as memory_days,
        null as floor_share
    where false
    {% endfor %}
) as bandits
