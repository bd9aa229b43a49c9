-- One row per model with a version that scores since an earlier build.
with

kept as (

    select distinct model_code, version from {{ ref('stg_ledger__fitted_params') }}

)

select
    trials.model_code,
    trials.version,
    trials.method,
    trials.horizon_days,
    trials.features_hash,
    trials.decided_at,
    {{ dbt.dateadd('day', '-trials.horizon_days', as_of()) }} as newest_test_at
from {{ ref('stg_ledger__model_trials') }} as trials
left join kept on trials.model_code = kept.model_code and trials.version = kept.version
where
    trials.status = 'champion'
    and trials.decided_at <= {{ as_of() }}
    -- A version whose parameters are gone cannot score; the one before it does.
    and (kept.version is not null or trials.method = 'spend_rate')
    -- Trees that ask for a feature we no longer have cannot, either.
    and (trials.method <> 'boosted' or trials.features_hash = {{ model_features_hash("'classifier'") }})
qualify row_number() over (
    partition by trials.model_code order by trials.decided_at desc, trials.build_id desc
) = 1
