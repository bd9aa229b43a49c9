-- One row per model that is to be trained in this build and cut-off it learns at. Place 0 is the version that may score
-- from now on: it learns from the newest outcomes that are known. The other places are its back-tests, each a step
-- further back. A back-test learns from what was known at `cutoff_at`, and is tested on what was known at `tested_at`.
-- The outcome window of every test has ended by now.
with

places as (

    {% for place in range(25) %}
    select {{ place }} as place
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

steps as (

    select
        due.*,
        places.place,
        case
            when places.place = 0 then {{ as_of() }}
            else {{ dbt.dateadd('day', '-(due.horizon_days + (places.place - 1) * due.step_days)', as_of()) }}
        end as scores_at
    from {{ ref('int_training_due') }} as due
    inner join places on due.back_tests >= places.place

)

select
    model_code,
    method,
    outcome,
    population,
    horizon_days,
    cast(place as bigint) as place,
    -- A classifier learns from an outcome, so its cut-off is a whole window before it scores.
    case when method = 'classifier' then {{ dbt.dateadd('day', '-horizon_days', 'scores_at') }} else scores_at end
        as cutoff_at,
    case when place > 0 then scores_at end as tested_at,
    why_due
from steps
