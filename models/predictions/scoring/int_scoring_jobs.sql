-- One row per version and moment it is to score. A back-test scores at its test. A version that may be promoted scores
-- now, and so does the one in use: they have learned from the newest outcomes, so no clean test of them is left.
with

fits as (

    select * from {{ ref('int_fits') }}
    where status = 'fitted'

),

jobs as (

    select model_code, version, method, horizon_days, tested_at as moment_at from fits
    where tested_at is not null
    union
    select model_code, version, method, horizon_days, {{ as_of() }} from fits
    where place = 0 and may_score
    union
    select model_code, version, method, horizon_days, {{ as_of() }} from {{ ref('int_incumbents') }}

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
