-- One row per classifier that scores and watched item (each feature, and the score): how far today's customers have
-- drifted from the training set. PSI = sum of (p - q) * ln(p / q) over the bins, with half a customer added to each. An
-- alarm needs a PSI above 0.25 and above what chance gives two samples of these sizes.
with

training as (

    select model_code, version, try_cast(label as bigint) as training_rows
    from {{ ref('model_params') }}
    where part = 'fact' and item = 'rows'

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
    from {{ ref('int_drift_shares') }} as counted
    inner join training on counted.model_code = training.model_code and counted.version = training.version
    window within_item as (partition by counted.model_code, counted.item)

),

measured as (

    select
        model_code,
        version,
        item,
        cast(max(customers_now) as bigint) as customers,
        round({{ exact_sum('(p - q) * ln(p / q)') }}, 9) as psi,
        -- Wilson and Hilferty's 95 % point of chi-squared with bins - 1 degrees of freedom, times (1/n + 1/m).
        max(
            (bins - 1) * pow(1 - 2 / (9.0 * (bins - 1)) + 1.6449 * sqrt(2 / (9.0 * (bins - 1))), 3)
            * (1 / cast(greatest(customers_now, 1) as double) + 1 / cast(training_rows as double))
        ) as psi_by_chance
    from shares
    -- A feature that was the same for everybody has one bin, and no drift can be measured in it.
    where bins > 1
    group by model_code, version, item

)

select
    model_code,
    version,
    item,
    customers,
    psi,
    round(psi_by_chance, 9) as psi_by_chance,
    psi > 0.25 and psi > psi_by_chance as is_drifted,
    {{ as_of() }} as measured_at,
    '{{ var("build_id") }}' as build_id
from measured
