-- One row per customer who has bought, if micro-segments are to be trained in this build: the features they are made
-- of.
select
    {% for feature in cluster_features() %}
    inputs.{{ feature }},
    {% endfor %}
    inputs.customer_key
from {{ ref('model_inputs') }} as inputs
where
    inputs.moment_at = {{ as_of() }}
    and (select count(*) filter (where plan.method = 'clusters') from {{ ref('int_training_plan') }} as plan) > 0
