-- One row per customer, classifier that scores and place 1 to 3: the features that move the logit most, up or down,
-- compared with the average customer of the training set.
with

weights as (

    select
        params.model_code,
        params.version,
        params.item as feature,
        max(params.value) filter (where params.part = 'weight') as weight,
        max(params.value) filter (where params.part = 'mean') as mean,
        max(params.value) filter (where params.part = 'scale') as scale
    from {{ ref('model_params') }} as params
    inner join {{ ref('int_champions') }} as champions
        on params.model_code = champions.model_code and params.version = champions.version
    where params.part in ('weight', 'mean', 'scale') and champions.method = 'logistic'
    group by params.model_code, params.version, params.item

),

slopes as (

    select model_code, version, value as platt_slope
    from {{ ref('model_params') }}
    where part = 'platt' and item = 'slope'

),

inputs as (

    select * from {{ ref('model_inputs') }}
    where moment_at = {{ as_of() }}

),

values_now as (

    {% for feature in model_features() %}
    select customer_key, is_active, '{{ feature }}' as feature, {{ feature }} as value from inputs
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

contributions as (

    select
        values_now.customer_key,
        weights.model_code,
        weights.version,
        weights.feature,
        slopes.platt_slope * weights.weight * (values_now.value - weights.mean) / weights.scale as contribution
    from values_now
    inner join weights on values_now.feature = weights.feature
    inner join slopes on weights.model_code = slopes.model_code and weights.version = slopes.version
    inner join {{ ref('prediction_models') }} as models
        on weights.model_code = models.model_code and (models.population = 'buyers' or values_now.is_active)

)

select
    customer_key,
    model_code,
    version,
    row_number() over (partition by customer_key, model_code order by abs(contribution) desc, feature) as place,
    feature,
    contribution
from contributions
qualify place <= 3
