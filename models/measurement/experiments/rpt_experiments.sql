-- One row per experiment: the units assigned, whether the arms have their planned sizes, and whether it can be read.
-- Arms of wrong sizes mean that assignment or counting is broken, and then the lift is wrong, too.
with

units as (

    select
        experiment_code,
        is_holdout,
        count(*) as units,
        count(case when is_in_two_arms then 1 end) as units_in_two_arms,
        count(case when is_waiting then 1 end) as units_waiting,
        max(attribution_days) as attribution_days,
        min(assigned_at) as first_assigned_at,
        max(assigned_at) as last_assigned_at
    from {{ ref('int_experiment_units') }}
    group by experiment_code, is_holdout

),

judged as (

    select
        *,
        arms_to_read < 2 or control_units < 2 as has_nothing_to_read,
        case
            when arms < 2 then 'it has one arm'
            when has_other_arms_than_planned then 'its planned arms and the arms of its units have different names'
            when p_value < 0.001
                then
                    'sample ratio mismatch: its arms have sizes that chance does not give; '
                    || 'find out why before reading it'
        end as broken_because
    from {{ ref('int_sample_ratio_checks') }}

)

select
    judged.experiment_code,
    coalesce(units.is_holdout, false) as is_holdout,
    control.arm as control_arm,
    judged.arms,
    coalesce(units.units, 0) as units,
    coalesce(units.units_in_two_arms, 0) as units_in_two_arms,
    coalesce(units.units_waiting, 0) as units_waiting,
    units.attribution_days,
    units.first_assigned_at,
    units.last_assigned_at,
    judged.chi_squared as sample_ratio_chi_squared,
    judged.p_value as sample_ratio_p_value,
    case
        when judged.arms < 2 then 'nothing to compare'
        when judged.broken_because is not null then 'withheld'
        when judged.has_nothing_to_read and units.units_waiting > 0 then 'waiting'
        when judged.has_nothing_to_read then 'nothing to compare'
        else 'readable'
    end as status,
    case
        when judged.broken_because is not null then judged.broken_because
        when judged.has_nothing_to_read and units.units_waiting > 0
            then 'the attribution window of ' || cast(units.attribution_days as string) || ' days is still open'
        when judged.has_nothing_to_read then 'the control or every other arm has less than two units'
        when judged.p_value is null then 'readable, but its arms are too small for a sample-ratio check'
        else 'arms have the sizes they should'
    end as why
from judged
left join units on judged.experiment_code = units.experiment_code
left join {{ ref('rpt_experiment_arms') }} as control
    on judged.experiment_code = control.experiment_code and control.is_control
