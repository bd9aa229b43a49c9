-- One row per experiment and unit with the arm it was assigned to, of holdouts kept here and of experiments run
-- elsewhere. A unit counts for its arm, whatever it then saw or did.
with

assigned_here as (

    select * from {{ ref('int_assigned_customers') }}

),

windows as (

    select holdout_experiment as experiment_code, attribution_days
    from {{ ref('dim_segments') }}
    where holdout_experiment <> ''

),

assigned_elsewhere as (

    select
        experiment_code,
        unit_id,
        min(arm) as arm,
        min(stratum) as stratum,
        min(assigned_at) as assigned_at,
        count(*) > 1 as is_in_two_arms
    from {{ ref('stg_experiments__units') }}
    -- A holdout kept here takes precedence over landing rows with its code.
    where experiment_code not in (select windows.experiment_code from windows)
    group by experiment_code, unit_id

)

select
    assigned_here.experiment_code,
    true as is_holdout,
    assigned_here.customer_key as unit_id,
    assigned_here.arm,
    assigned_here.stratum,
    assigned_here.assigned_at,
    assigned_here.holdout_share,
    windows.attribution_days,
    false as is_in_two_arms,
    {{ elapsed('day', 'assigned_here.assigned_at', as_of()) }} < windows.attribution_days as is_waiting
from assigned_here
-- A holdout that no segment names any more is over.
inner join windows on assigned_here.experiment_code = windows.experiment_code
where assigned_here.customer_key is not null
union all
select
    experiment_code,
    false as is_holdout,
    unit_id,
    arm,
    coalesce(stratum, 'unknown') as stratum,
    assigned_at,
    cast(null as double) as holdout_share,
    cast(null as bigint) as attribution_days,
    is_in_two_arms,
    false as is_waiting
from assigned_elsewhere
