-- One row per classifier to be trained, cut-off, quarter before it and customer: the features at that moment, and the
-- outcome that followed.
select
    plan.model_code,
    plan.cutoff_at,
    plan.tested_at,
    windows.quarters_back,
    inputs.customer_key,
    {% for feature in model_features() %}
    inputs.{{ feature }},
    {% endfor %}
    case when plan.outcome = 'silent' then not outcomes.has_bought else outcomes.has_bought end as is_positive
from {{ ref('int_training_plan') }} as plan
inner join {{ ref('int_training_windows') }} as windows
    on plan.model_code = windows.model_code and plan.cutoff_at = windows.cutoff_at
inner join {{ ref('model_inputs') }} as inputs
    on windows.moment_at = inputs.moment_at and (plan.population = 'buyers' or inputs.is_active)
inner join {{ ref('model_outcomes') }} as outcomes
    on
        inputs.customer_key = outcomes.customer_key
        and inputs.moment_at = outcomes.moment_at
        and plan.horizon_days = outcomes.horizon_days
where plan.method = 'classifier'
