-- One row per back-test of this build and tenth of customers by their score (1 the highest): predictions against
-- outcomes. Empty if nothing was trained.
with

ranked as (

    select
        *,
        row_number() over (
            partition by model_code, version, tested_at order by probability desc, customer_key
        ) as place,
        count(*) over (partition by model_code, version, tested_at) as customers
    from {{ ref('int_classifier_tests') }}

),

tenths as (

    select
        model_code,
        version,
        tested_at,
        least(10, cast(floor(10.0 * (place - 1) / customers) as bigint) + 1) as tenth,
        count(*) as customers,
        {{ exact_mean('probability') }} as mean_probability,
        {{ exact_mean('outcome') }} as share_positive
    from ranked
    group by model_code, version, tested_at, least(10, cast(floor(10.0 * (place - 1) / customers) as bigint) + 1)

),

tests as (

    select
        model_code,
        version,
        tested_at,
        {{ exact_mean('share_positive') }} as share_positive
    from tenths
    group by model_code, version, tested_at

)

select
    tenths.model_code,
    tenths.version,
    tenths.tested_at,
    tenths.tenth,
    tenths.customers,
    round(tenths.mean_probability, 9) as mean_probability,
    round(tenths.share_positive, 9) as share_positive,
    round(tenths.share_positive / nullif(tests.share_positive, 0), 9) as lift
from tenths
inner join tests
    on
        tenths.model_code = tests.model_code
        and tenths.version = tests.version
        and tenths.tested_at = tests.tested_at
