-- One row per boosted version and test: by how much its squared error undercuts the full logistic version's on the
-- same customers, and the standard error of that.
with

tests as (

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

)

select
    boosted.model_code,
    boosted.version,
    boosted.tested_at,
    round(avg(logistic.squared_error - boosted.squared_error), 9) as gain,
    round(stddev_samp(logistic.squared_error - boosted.squared_error) / sqrt(count(*)), 9) as gain_error
from tests as boosted
inner join tests as logistic
    on
        boosted.model_code = logistic.model_code
        and boosted.tested_at = logistic.tested_at
        and boosted.customer_key = logistic.customer_key
        and logistic.method = 'logistic'
where boosted.method = 'boosted'
group by boosted.model_code, boosted.version, boosted.tested_at
