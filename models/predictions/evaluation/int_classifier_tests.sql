-- One row per customer, classifier version and test: the predicted probability and the outcome that followed.
select
    scores.model_code,
    scores.version,
    scores.moment_at as tested_at,
    scores.customer_key,
    scores.probability,
    case when (models.outcome = 'silent') <> outcomes.has_bought then 1 else 0 end as outcome,
    customers.age_band,
    customers.income_band
from {{ ref('pred_probabilities') }} as scores
inner join {{ ref('prediction_models') }} as models on scores.model_code = models.model_code
inner join {{ ref('model_outcomes') }} as outcomes
    on
        scores.customer_key = outcomes.customer_key
        and scores.moment_at = outcomes.moment_at
        and models.horizon_days = outcomes.horizon_days
left join {{ ref('dim_customers') }} as customers on scores.customer_key = customers.customer_key
