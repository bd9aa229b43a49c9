-- One row per boosted version and test: how much lower its squared error is than the full logistic version's on the
-- same customers, and the standard error of the difference.
with

errors as (

    select
        tests.model_code,
        tests.tested_at,
        tests.customer_key,
        fits.version,
        fits.method,
        (tests.probability - tests.outcome) * (tests.probability - tests.outcome) as squared_error
    from {{ ref('int_classifier_tests') }} as tests
    inner join {{ ref('int_fits') }} as fits
        on
            tests.model_code = fits.model_code and tests.version = fits.version
            and tests.tested_at = fits.tested_at
    where fits.method = 'boosted' or fits.variant = 'full'

),

differences as (

    select
        boosted.model_code,
        boosted.version,
        boosted.tested_at,
        logistic.squared_error - boosted.squared_error as difference
    from errors as boosted
    inner join errors as logistic
        on
            boosted.model_code = logistic.model_code
            and boosted.tested_at = logistic.tested_at
            and boosted.customer_key = logistic.customer_key
            and logistic.method = 'logistic'
    where boosted.method = 'boosted'

),

sums as (

    select
        model_code,
        version,
        tested_at,
        count(*) as customers,
        {{ exact_sum('difference') }} as total,
        {{ exact_sum('difference * difference') }} as total_of_squares
    from differences
    group by model_code, version, tested_at

)

select
    model_code,
    version,
    tested_at,
    round(total / customers, 9) as gain,
    round(sqrt(
        greatest(total_of_squares - total * total / customers, 0)
        / nullif(customers - 1, 0) / customers
    ), 9) as gain_error
from sums
