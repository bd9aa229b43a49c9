-- One row per lifetime model to be trained, cut-off and customer: how often, for how long and how much they had bought
-- by then.
select
    plan.model_code,
    plan.cutoff_at,
    inputs.customer_key,
    inputs.repeat_days as repeat_purchase_days,
    inputs.first_to_last_days,
    inputs.tenure_days,
    inputs.repeat_day_spend as repeat_spend_mean
from {{ ref('int_training_plan') }} as plan
inner join {{ ref('model_inputs') }} as inputs on plan.cutoff_at = inputs.moment_at
where plan.method = 'lifetime'
