-- One row per customer, logistic version and moment it scores: the calibrated probability.
-- 1 / (1 + exp(-(slope * logit + offset))), logit = intercept + sum of weight * (feature - mean) / scale.
with

versions as (

    select
        model_code,
        version,
        {% for feature in model_features() %}
        coalesce(max(value) filter (where part = 'weight' and item = '{{ feature }}'), 0) as weight_{{ loop.index }},
        coalesce(max(value) filter (where part = 'mean' and item = '{{ feature }}'), 0) as mean_{{ loop.index }},
        coalesce(max(value) filter (where part = 'scale' and item = '{{ feature }}'), 1) as scale_{{ loop.index }},
        {% endfor %}
        max(value) filter (where part = 'intercept') as intercept,
        max(value) filter (where part = 'platt' and item = 'slope') as platt_slope,
        max(value) filter (where part = 'platt' and item = 'offset') as platt_offset
    from {{ ref('model_params') }}
    where part in ('intercept', 'platt', 'weight', 'mean', 'scale')
    group by model_code, version

),

logits as (

    select
        inputs.customer_key,
        inputs.moment_at,
        jobs.model_code,
        jobs.version,
        versions.platt_slope,
        versions.platt_offset,
        versions.intercept
        {% for feature in model_features() %}
        + versions.weight_{{ loop.index }}
        * (inputs.{{ feature }} - versions.mean_{{ loop.index }}) / versions.scale_{{ loop.index }}
        {% endfor %}
            as logit
    from {{ ref('int_scoring_jobs') }} as jobs
    inner join versions on jobs.model_code = versions.model_code and jobs.version = versions.version
    inner join {{ ref('model_inputs') }} as inputs
        on jobs.moment_at = inputs.moment_at and (jobs.population = 'buyers' or inputs.is_active)
    where jobs.method = 'logistic'

)

select
    model_code,
    version,
    customer_key,
    moment_at,
    1 / (1 + exp(-(platt_slope * logit + platt_offset))) as probability
from logits
