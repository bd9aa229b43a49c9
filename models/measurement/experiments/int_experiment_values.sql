-- One row per experiment, outcome and unit that counts, with 0 where no outcome was observed. Units in two arms do not
-- count, nor do units of a holdout whose attribution window is still open.
with

units as (

    select experiment_code, unit_id, arm, stratum, is_holdout
    from {{ ref('int_experiment_units') }}
    where not is_in_two_arms and not is_waiting

),

outcomes as (

    select * from {{ ref('int_experiment_outcomes') }}

),

outcome_names as (

    select distinct experiment_code, outcome_name from outcomes

)

select
    units.experiment_code,
    outcome_names.outcome_name,
    units.unit_id,
    units.arm,
    units.stratum,
    coalesce(outcomes.value, 0) as value,
    -- All purchases of the customers in a holdout are known: no purchase before means 0.
    case when units.is_holdout then coalesce(outcomes.before_value, 0) else outcomes.before_value end as before_value
from units
inner join outcome_names on units.experiment_code = outcome_names.experiment_code
left join outcomes
    on
        units.experiment_code = outcomes.experiment_code
        and units.unit_id = outcomes.unit_id
        and outcome_names.outcome_name = outcomes.outcome_name
