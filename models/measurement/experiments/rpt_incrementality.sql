-- One row per readable holdout and outcome: what addressing the segment changed, next to what it seems to have changed
-- when one only compares the customers who were reached with those who were not.
with

holdouts as (

    select experiment_code
    from {{ ref('rpt_experiments') }}
    where is_holdout

),

lift as (

    select lift.*
    from {{ ref('rpt_experiment_lift') }} as lift
    inner join holdouts on lift.experiment_code = holdouts.experiment_code
    where lift.stratum is null and lift.status = 'readable'

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
    inner join holdouts on observed.experiment_code = holdouts.experiment_code
    left join exposed
        on observed.experiment_code = exposed.experiment_code and observed.unit_id = exposed.unit_id
    group by observed.experiment_code, observed.outcome_name

)

select
    lift.experiment_code,
    lift.outcome_name,
    compared.treated,
    lift.control_units as held_out,
    compared.exposed,
    lift.reported_lift as lift,
    lift.always_valid_low as lift_low,
    lift.always_valid_high as lift_high,
    lift.reported_lift * compared.treated as incremental,
    lift.always_valid_low * compared.treated as incremental_low,
    lift.always_valid_high * compared.treated as incremental_high,
    -- Addressing changed nothing for customers it did not reach, so the whole lift comes from those it did.
    lift.reported_lift * compared.treated / nullif(compared.exposed, 0) as lift_per_exposed,
    compared.exposed_value / nullif(compared.exposed, 0)
    - compared.unexposed_value / nullif(compared.unexposed, 0) as naive_lift,
    (compared.exposed_value - compared.exposed_before) / nullif(compared.exposed, 0) as before_after_lift
from lift
inner join compared
    on lift.experiment_code = compared.experiment_code and lift.outcome_name = compared.outcome_name
