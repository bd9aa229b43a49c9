-- One row per customer in the sample, when micro-segments are to be made anew: what they are made of, as of now.
select
    {% for feature in cluster_features() %}
    inputs.{{ feature }},
    {% endfor %}
    inputs.customer_key
from {{ ref('model_inputs') }} as inputs
where
    inputs.moment_at = {{ as_of() }}
    and (select count(*) filter (where method = 'clusters') from {{ ref('int_training_plan') }}) > 0
