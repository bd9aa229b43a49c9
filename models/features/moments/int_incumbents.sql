-- One row per model that has a version in use from an earlier build: the incumbent, which scores until this build
-- promotes another one.
with

stored as (

    select distinct model_code, version from {{ ref('stg_ledger__fitted_params') }}

)

select
    trials.model_code,
    trials.version,
    trials.method,
    trials.horizon_days,
    trials.features_hash,
    trials.ranks_well,
    trials.predicts_well,
    trials.decided_at
from {{ ref('stg_ledger__model_trials') }} as trials
left join stored on trials.model_code = stored.model_code and trials.version = stored.version
where
    trials.status = 'champion'
    and trials.decided_at <= {{ as_of() }}
    -- A version whose parameters are lost cannot score. The version before it does.
    and (stored.version is not null or trials.method = 'spend_rate')
    -- Nor can trees that read a feature which is no longer there.
    and (trials.method <> 'boosted' or trials.features_hash = {{ model_features_hash("'classifier'") }})
qualify row_number() over (
    partition by trials.model_code order by trials.decided_at desc, trials.build_id desc
) = 1
