-- One row per experiment, outcome, arm, stratum (null: all strata) and unit, with its values after and before the
-- assignment, each divided by the largest absolute value in the same experiment, outcome, arm and stratum. So they lie
-- between -1 and 1: small values keep their digits in exact_sum, and large ones do not exceed its limit.
with

observed as (

    select
        *,
        min(stratum) over (partition by experiment_code, outcome_name)
        <> max(stratum) over (partition by experiment_code, outcome_name) as has_strata
    from {{ ref('int_experiment_values') }}

),

grouped as (

    select experiment_code, outcome_name, arm, cast(null as string) as stratum, unit_id, value, before_value
    from observed
    union all
    select experiment_code, outcome_name, arm, stratum, unit_id, value, before_value
    from observed
    where has_strata

),

scales as (

    select
        experiment_code,
        outcome_name,
        arm,
        stratum,
        count(*) = count(before_value) as has_every_value_before,
        coalesce(nullif(max(abs(value)), 0), 1) as value_scale,
        coalesce(nullif(max(abs(before_value)), 0), 1) as before_scale
    from grouped
    group by experiment_code, outcome_name, arm, stratum

)

select
    grouped.experiment_code,
    grouped.outcome_name,
    grouped.arm,
    grouped.stratum,
    grouped.unit_id,
    grouped.value,
    grouped.before_value,
    scales.value_scale,
    scales.before_scale,
    grouped.value / scales.value_scale as scaled_value,
    -- Values before count only where every unit of the group has one.
    case when scales.has_every_value_before then grouped.before_value / scales.before_scale end as scaled_before_value
from grouped
inner join scales
    on
        grouped.experiment_code = scales.experiment_code
        and grouped.outcome_name = scales.outcome_name
        and grouped.arm = scales.arm
        and grouped.stratum is not distinct from scales.stratum
