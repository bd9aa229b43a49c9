-- One row per classifier that scores, watched item (each feature, and the score) and bin: how many of today's customers
-- are in the bin, and the share of the training set that was. The bins are the tenths of the training set.
with

champions as (

    select champions.model_code, champions.version, models.population
    from {{ ref('int_champions') }} as champions
    inner join {{ ref('prediction_models') }} as models on champions.model_code = models.model_code
    where models.method = 'classifier'

),

bins as (

    select
        params.model_code,
        params.version,
        params.item,
        params.group_id as bin,
        lag(edges.value) over (
            partition by params.model_code, params.version, params.item order by params.group_id
        ) as above,
        edges.value as up_to,
        params.value as training_share
    from {{ ref('model_params') }} as params
    inner join champions on params.model_code = champions.model_code and params.version = champions.version
    left join {{ ref('model_params') }} as edges
        on
            params.model_code = edges.model_code and params.version = edges.version and edges.part = 'bin_edge'
            and params.item = edges.item and params.group_id = edges.group_id
    -- Time since the first purchase only ever grows, which is no drift.
    where params.part = 'bin_share' and params.item <> 'log_tenure_days'

),

inputs as (

    select * from {{ ref('model_inputs') }}
    where moment_at = {{ as_of() }}
    qualify row_number() over (order by customer_key) <= {{ var('training_customers') }}

),

values_now as (

    {% for feature in model_features() %}
    select champions.model_code, '{{ feature }}' as item, inputs.{{ feature }} as value
    from inputs
    inner join champions on inputs.is_active or champions.population = 'buyers'
    union all
    {% endfor %}
    select scores.model_code, 'score', scores.probability
    from {{ ref('pred_probabilities') }} as scores
    inner join champions on scores.model_code = champions.model_code and scores.version = champions.version
    inner join inputs on scores.customer_key = inputs.customer_key and scores.moment_at = inputs.moment_at

)

select
    bins.model_code,
    bins.version,
    bins.item,
    bins.bin,
    bins.training_share,
    count(values_now.value) as customers
from bins
left join values_now
    on
        bins.model_code = values_now.model_code and bins.item = values_now.item
        and (bins.above is null or bins.above < values_now.value)
        and (bins.up_to is null or bins.up_to >= values_now.value)
group by bins.model_code, bins.version, bins.item, bins.bin, bins.training_share
