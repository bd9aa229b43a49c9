-- One row per holdout that can be read and outcome: what addressing the segment changed, next to what it seems to have
-- changed to those who only compare the people they reached with the people they did not.
with

lift as (

    select * from {{ ref('rpt_experiment_lift') }}

),

exposed as (

    select
        units.experiment_code,
        units.unit_id,
        min(exposures.exposed_at) as exposed_at
    from {{ ref('int_experiment_units') }} as units
    inner join {{ ref('int_first_exposures') }} as exposures
        on units.experiment_code = exposures.experiment_code and units.unit_id = exposures.customer_key
    where
        units.is_holdout
        and units.arm = 'treated'
        and {{ elapsed('day', 'units.assigned_at', 'exposures.exposed_at') }} < units.attribution_days
    group by units.experiment_code, units.unit_id

),

compared as (

    select
        observed.experiment_code,
        observed.outcome_name,
        count(case when observed.arm = 'treated' then 1 end) as treated,
        count(exposed.unit_id) as exposed,
        count(*) - count(exposed.unit_id) as unexposed,
        {{ exact_sum('case when exposed.unit_id is not null then observed.value end') }} as exposed_value,
        {{ exact_sum('case when exposed.unit_id is not null then observed.before_value end') }} as exposed_before,
        {{ exact_sum('case when exposed.unit_id is null then observed.value end') }} as unexposed_value
    from {{ ref('int_experiment_values') }} as observed
    left join exposed
        on observed.experiment_code = exposed.experiment_code and observed.unit_id = exposed.unit_id
    group by observed.experiment_code, observed.outcome_name

)

select
    cast(lift.experiment_code as string) as experiment_code,
    cast(lift.outcome_name as string) as outcome_name,
    cast(compared.treated as bigint) as treated,
    cast(lift.control_units as bigint) as held_out,
    cast(compared.exposed as bigint) as exposed,
    cast(lift.lift as double) as lift,
    cast(lift.lift_low as double) as lift_low,
    cast(lift.lift_high as double) as lift_high,
    cast(lift.lift * compared.treated as double) as incremental,
    cast(lift.lift_low * compared.treated as double) as incremental_low,
    cast(lift.lift_high * compared.treated as double) as incremental_high,
    -- Addressing changed nothing for those it did not reach, so all of the lift is of those it did.
    cast(lift.lift * compared.treated / nullif(compared.exposed, 0) as double) as lift_per_exposed,
    cast(
        compared.exposed_value / nullif(compared.exposed, 0) - compared.unexposed_value / nullif(compared.unexposed, 0)
        as double
    ) as naive_lift,
    cast((compared.exposed_value - compared.exposed_before) / nullif(compared.exposed, 0) as double)
        as before_after_lift
from lift
inner join compared
    on lift.experiment_code = compared.experiment_code and lift.outcome_name = compared.outcome_name
inner join {{ ref('rpt_experiments') }} as experiments
    on lift.experiment_code = experiments.experiment_code and experiments.is_holdout
where lift.stratum is null and lift.status = 'readable'
