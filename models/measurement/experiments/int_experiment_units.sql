-- One row per experiment and unit with the arm it was assigned to: of the holdouts kept here, and of experiments run
-- elsewhere. Whatever a unit then saw or did, it counts for its arm.
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
    -- A holdout of this name is kept here, and is what counts.
    where experiment_code not in (select experiment_code from windows)
    group by experiment_code, unit_id

)

select
    cast(assigned_here.experiment_code as string) as experiment_code,
    cast(true as boolean) as is_holdout,
    cast(assigned_here.customer_key as string) as unit_id,
    cast(assigned_here.arm as string) as arm,
    cast(assigned_here.stratum as string) as stratum,
    cast(assigned_here.assigned_at as timestamp) as assigned_at,
    cast(assigned_here.holdout_share as double) as holdout_share,
    cast(windows.attribution_days as bigint) as attribution_days,
    cast(false as boolean) as is_in_two_arms,
    cast(
        {{ elapsed('day', 'assigned_here.assigned_at', as_of()) }} < windows.attribution_days
        as boolean
    ) as is_waiting
from assigned_here
-- What no segment asks for any more is over.
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
