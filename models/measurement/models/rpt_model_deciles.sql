-- One row per classifier version tested in this build, test and tenth of customers by their score, 1 the highest:
-- what was foretold and what came.
with

tenths as (

    select
        *,
        least(10, cast(floor(10.0 * (row_number() over within_test - 1) / count(*) over (
            partition by model_code, version, tested_at
        )) as bigint) + 1) as tenth
    from {{ ref('int_classifier_tests') }}
    window within_test as (
        partition by model_code, version, tested_at order by probability desc, customer_key
    )

)

select
    cast(model_code as string) as model_code,
    cast(version as string) as version,
    cast(tested_at as timestamp) as tested_at,
    cast(tenth as bigint) as tenth,
    cast(count(*) as bigint) as customers,
    cast(round(avg(probability), 9) as double) as mean_probability,
    cast(round(avg(outcome), 9) as double) as share_positive,
    cast(round(
        avg(outcome) / nullif(avg(avg(outcome)) over (partition by model_code, version, tested_at), 0), 9
    ) as double) as lift
from tenths
group by model_code, version, tested_at, tenth
