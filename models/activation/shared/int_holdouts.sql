-- One row per segment and customer held out of its audiences, and for which experiment.
with

assignments as (

    select experiment_code, customer_key, arm
    from {{ source('ledger', 'experiment_assignments') }}
    union all
    select experiment_code, customer_key, arm
    from {{ ref('experiment_assignments') }}

)

select
    cast(segments.segment_code as string) as segment_code,
    cast(assignments.customer_key as string) as customer_key,
    cast(assignments.experiment_code as string) as experiment_code
from assignments
inner join {{ ref('dim_segments') }} as segments on assignments.experiment_code = segments.holdout_experiment
where assignments.arm = 'holdout'
