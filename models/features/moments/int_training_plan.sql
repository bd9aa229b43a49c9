-- One row per model that is to be trained in this build and cut-off it learns at. Place 0 is the version that may score
-- from now on. The other places are its back-tests, each a step further back. A model learns from what was known at
-- `cutoff_at`, and is tested on what was known at `tested_at`. The outcome window of the test has ended by now.
with

places as (

    {% for place in range(24) %}
    select {{ place }} as place
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

tests as (

    select
        due.*,
        places.place,
        {{ dbt.dateadd('day', '-(due.horizon_days + places.place * due.step_days)', as_of()) }} as tested_at
    from {{ ref('int_training_due') }} as due
    inner join places on due.cutoffs > places.place

)

select
    model_code,
    method,
    outcome,
    population,
    horizon_days,
    cast(place as bigint) as place,
    -- A classifier learns from an outcome, so its cut-off is a whole window before the test.
    case when method = 'classifier' then {{ dbt.dateadd('day', '-horizon_days', 'tested_at') }} else tested_at end
        as cutoff_at,
    tested_at,
    why_due
from tests
