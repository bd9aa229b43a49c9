-- One row per classifier that scores and thing watched (each feature, and the score): how far today's customers have
-- drifted from those it learnt from. PSI = sum of (p - q) * ln(p / q) over the tenths of the training set, half a
-- customer added to each. An alarm needs more than 0.25 and more than chance would make of samples this size.
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
    -- Time with the shop only ever grows, which is no drift.
    where params.part = 'bin_share' and params.item <> 'log_tenure_days'

),

training as (

    select model_code, version, try_cast(label as bigint) as training_rows
    from {{ ref('model_params') }}
    where part = 'fact' and item = 'rows'

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

),

counted as (

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

),

shares as (

    select
        counted.*,
        training.training_rows,
        count(*) over within_item as bins,
        sum(counted.customers) over within_item as customers_now,
        (counted.customers + 0.5) / (sum(counted.customers) over within_item + 0.5 * count(*) over within_item) as p,
        (counted.training_share * training.training_rows + 0.5)
        / (training.training_rows + 0.5 * count(*) over within_item) as q
    from counted
    inner join training on counted.model_code = training.model_code and counted.version = training.version
    window within_item as (partition by counted.model_code, counted.item)

),

measured as (

    select
        model_code,
        version,
        item,
        max(customers_now) as customers,
        round(sum((p - q) * ln(p / q)), 9) as psi,
        -- Wilson and Hilferty's 95 % point of chi-squared with bins - 1 degrees, times (1/n + 1/m).
        max(
            (bins - 1) * pow(1 - 2 / (9.0 * (bins - 1)) + 1.6449 * sqrt(2 / (9.0 * (bins - 1))), 3)
            * (1 / cast(greatest(customers_now, 1) as double) + 1 / cast(training_rows as double))
        ) as psi_by_chance
    from shares
    -- What was the same for everybody has one bin, and cannot be seen to drift.
    where bins > 1
    group by model_code, version, item

)

select
    cast(model_code as string) as model_code,
    cast(version as string) as version,
    cast(item as string) as item,
    cast(customers as bigint) as customers,
    cast(psi as double) as psi,
    cast(round(psi_by_chance, 9) as double) as psi_by_chance,
    cast(psi > 0.25 and psi > psi_by_chance as boolean) as is_drifted,
    cast({{ as_of() }} as timestamp) as measured_at,
    cast('{{ var("build_id") }}' as string) as build_id
from measured
