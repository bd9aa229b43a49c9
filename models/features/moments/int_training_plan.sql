-- One row per model that is to be trained in this build and cut-off it learns at. Place 0 is the version that may
-- come to score; the others are its back-tests, each a step further back. A model learns what was known at
-- `cutoff_at` and is tested on what was known at `tested_at`; its outcome window has ended by now.
with

models as (

    select * from {{ ref('prediction_models') }}

),

last_trials as (

    select
        model_code,
        max(decided_at) as tried_at,
        max(decided_at) filter (where status in ('champion', 'rejected', 'unchanged', 'yardstick')) as fitted_at,
        bool_or(status = 'champion') as has_had_champion
    from {{ ref('stg_ledger__model_trials') }}
    where decided_at <= {{ as_of() }}
    group by model_code

),

-- What the last build that published saw.
last_drift as (

    select * from {{ ref('stg_ledger__model_drift') }}
    where measured_at <= {{ as_of() }}
    qualify build_id = max(build_id) over (partition by model_code)

),

drifted as (

    select model_code
    from last_drift
    group by model_code
    having bool_or(is_drifted)

),

ages as (

    select
        models.*,
        incumbents.version as incumbent,
        incumbents.features_hash,
        drifted.model_code is not null as is_drifted,
        {{ elapsed('day', 'last_trials.fitted_at', as_of()) }} as age_days,
        -- After a trial that failed, the next one may wait a week.
        coalesce({{ elapsed('day', 'last_trials.tried_at', as_of()) }} >= 7, true) as may_try,
        coalesce(last_trials.has_had_champion, false) as has_had_champion
    from models
    left join last_trials on models.model_code = last_trials.model_code
    left join {{ ref('int_incumbents') }} as incumbents on models.model_code = incumbents.model_code
    left join drifted on models.model_code = drifted.model_code

),

due as (

    select
        *,
        case
            when {{ 'true' if var('retrain') | string | lower == 'true' else 'false' }} then 'asked for'
            when incumbent is null and has_had_champion then 'what scored has lost its parameters'
            when features_hash <> {{ model_features_hash('method') }} then 'its features changed'
            when not may_try then null
            when incumbent is null then 'no version of it scores yet'
            when age_days >= retrain_after_days
                then 'it is ' || cast(cast(floor(age_days) as bigint) as string) || ' days old'
            when is_drifted then 'the last build saw drift'
        end as why_due
    from ages

),

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
    from due
    inner join places on due.cutoffs > places.place
    where due.why_due is not null

)

select
    cast(model_code as string) as model_code,
    cast(method as string) as method,
    cast(outcome as string) as outcome,
    cast(population as string) as population,
    cast(horizon_days as bigint) as horizon_days,
    cast(place as bigint) as place,
    -- A classifier learns from an outcome, so its cut-off lies a whole window before the test.
    cast(
        case when method = 'classifier' then {{ dbt.dateadd('day', '-horizon_days', 'tested_at') }} else tested_at end
        as timestamp
    ) as cutoff_at,
    cast(tested_at as timestamp) as tested_at,
    cast(why_due as string) as why_due
from tests
