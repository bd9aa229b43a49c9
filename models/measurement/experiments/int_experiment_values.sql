-- One row per experiment, outcome and unit that is read, with 0 for what was not seen on it. Left out are units in two
-- arms, and those of a holdout whose attribution window is still open.
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
    cast(units.experiment_code as string) as experiment_code,
    cast(outcome_names.outcome_name as string) as outcome_name,
    cast(units.unit_id as string) as unit_id,
    cast(units.arm as string) as arm,
    cast(units.stratum as string) as stratum,
    cast(coalesce(outcomes.value, 0) as double) as value,
    -- Of a holdout all purchases are known, so that who has none before has 0.
    cast(case when units.is_holdout then coalesce(outcomes.before_value, 0) else outcomes.before_value end as double)
        as before_value
from units
inner join outcome_names on units.experiment_code = outcome_names.experiment_code
left join outcomes
    on
        units.experiment_code = outcomes.experiment_code
        and units.unit_id = outcomes.unit_id
        and outcome_names.outcome_name = outcomes.outcome_name
