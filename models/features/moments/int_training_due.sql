-- One row per model that is to be trained in this build, and why.
with

last_trials as (

    select
        model_code,
        max(decided_at) as tried_at,
        max(decided_at) filter (where status in ('champion', 'rejected', 'unchanged')) as fitted_at,
        bool_or(status = 'champion') as has_had_champion
    from {{ ref('stg_ledger__model_trials') }}
    where decided_at <= {{ as_of() }}
    group by model_code

),

-- Drift as the last published build measured it.
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
        -- After a trial, whatever its result, the next one waits a week.
        coalesce({{ elapsed('day', 'last_trials.tried_at', as_of()) }} >= 7, true) as may_try,
        coalesce(last_trials.has_had_champion, false) as has_had_champion
    from {{ ref('prediction_models') }} as models
    left join last_trials on models.model_code = last_trials.model_code
    left join {{ ref('int_incumbents') }} as incumbents on models.model_code = incumbents.model_code
    left join drifted on models.model_code = drifted.model_code

),

reasons as (

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

)

select
    model_code,
    method,
    outcome,
    population,
    horizon_days,
    back_tests,
    step_days,
    why_due
from reasons
where why_due is not null
