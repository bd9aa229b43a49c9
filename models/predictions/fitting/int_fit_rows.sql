-- One row per number or text that this build's fits wrote. The Python models have no contract, so types are set here.
{% for fits in ['ml_classifiers', 'ml_lifetime_value', 'ml_micro_segments'] %}
select
    cast(model_code as string) as model_code,
    cast(version as string) as version,
    cast(part as string) as part,
    cast(item as string) as item,
    cast(group_id as bigint) as group_id,
    cast(value as double) as value,
    cast(label as string) as label
from {{ ref(fits) }}
{{ 'union all' if not loop.last }}
{% endfor %}
