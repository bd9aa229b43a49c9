-- One row per classifier to be trained, cut-off and moment whose outcome a version may learn from: the cut-off itself,
-- and the moments one, two and three quarters before it. Outcomes of a whole year belong to no single season.
with

quarters as (

    {% for quarter in range(4) %}
    select {{ quarter }} as quarters_back
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    plan.model_code,
    plan.cutoff_at,
    cast(quarters.quarters_back as bigint) as quarters_back,
    {{ dbt.dateadd('day', '-90 * quarters.quarters_back', 'plan.cutoff_at') }} as moment_at
from {{ ref('int_training_plan') }} as plan
cross join quarters
where plan.method = 'classifier'
