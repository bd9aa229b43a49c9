-- One row per version and moment it is to score. A new version scores at its test, and now if it may be promoted. An
-- incumbent scores now and at the newest test, where it is compared with its challengers.
with

fits as (

    select * from {{ ref('int_fits') }}
    where status = 'fitted'

),

jobs as (

    select model_code, version, method, horizon_days, tested_at as moment_at from fits
    union
    select model_code, version, method, horizon_days, {{ as_of() }} from fits
    where place = 0 and is_challenger
    union
    select model_code, version, method, horizon_days, {{ as_of() }} from {{ ref('int_incumbents') }}
    union
    select model_code, version, method, horizon_days, newest_test_at from {{ ref('int_incumbents') }}
    where horizon_days > 0

)

select
    jobs.model_code,
    jobs.version,
    jobs.method,
    jobs.horizon_days,
    jobs.moment_at,
    models.population
from jobs
inner join {{ ref('prediction_models') }} as models on jobs.model_code = models.model_code
