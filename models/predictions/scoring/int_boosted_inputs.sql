-- One row per customer, boosted version and moment it is to score: the features. Empty if no boosted version is to
-- score.
select
    jobs.model_code,
    jobs.version,
    jobs.moment_at,
    {% for feature in model_features() %}
    inputs.{{ feature }},
    {% endfor %}
    inputs.customer_key
from {{ ref('int_scoring_jobs') }} as jobs
inner join {{ ref('model_inputs') }} as inputs
    on jobs.moment_at = inputs.moment_at and (jobs.population = 'buyers' or inputs.is_active)
where jobs.method = 'boosted'
