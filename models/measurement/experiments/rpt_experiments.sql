-- One row per experiment: who was assigned, whether the arms have the sizes they should (chi-squared test), and whether
-- it can be read. Arms of wrong sizes mean that assignment or counting is broken, and then so is the lift.
with

units as (

    select
        experiment_code,
        is_holdout,
        count(*) as units,
        sum(case when is_in_two_arms then 1 else 0 end) as units_in_two_arms,
        sum(case when is_waiting then 1 else 0 end) as units_waiting,
        max(attribution_days) as attribution_days,
        min(assigned_at) as first_assigned_at,
        max(assigned_at) as last_assigned_at
    from {{ ref('int_experiment_units') }}
    group by experiment_code, is_holdout

),

arms as (

    select
        *,
        row_number() over (partition by experiment_code order by arm) as place
    from {{ ref('rpt_experiment_arms') }}

),

sizes as (

    select
        experiment_code,
        count(*) as arms,
        sum(case when units_read >= 2 then 1 else 0 end) as arms_to_read,
        max(case when is_control then units_read end) as control_units,
        -- Nobody was to be there, and somebody is.
        max(case when expected_units = 0 and units > 0 then 1 else 0 end) as has_intruders,
        max(case when is_planned and units = 0 and expected_units > 0 then 1 else 0 end) as lacks_planned_arm,
        max(case when not is_planned and units > 0 then 1 else 0 end) as has_unplanned_arm,
        sum(case when is_planned then 1 else 0 end) as planned_arms
    from arms
    group by experiment_code

),

-- Arms too small for the test are left out of it, and the others are held against their own sum.
large as (

    select
        *,
        expected_units
        * sum(units) over (partition by experiment_code)
        / nullif(sum(cast(expected_units as decimal(38, 12))) over (partition by experiment_code), 0) as expected
    from arms
    where expected_units >= 5

),

distances as (

    select
        experiment_code,
        count(*) - 1 as degrees,
        {{ exact_sum('least(power(units - expected, 2) / expected, 1.0e+15)') }} as chi_squared
    from large
    group by experiment_code

),

-- The survival function of chi-squared by its recurrence: for n degrees the terms j = n/2 - 1, n/2 - 2 and so on, down
-- to 0 or 1/2, of h^j exp(-h) / gamma(j + 1) with h half of chi-squared; an odd n adds the normal tail. Arm i gives
-- term i.
terms as (

    select
        arms.experiment_code,
        distances.degrees / 2.0 - arms.place as exponent,
        distances.chi_squared / 2 as half
    from arms
    inner join distances on arms.experiment_code = distances.experiment_code
    where distances.degrees / 2.0 - arms.place >= 0 and distances.chi_squared > 0

),

tails as (

    select
        experiment_code,
        {{ exact_sum("exp(exponent * ln(half) - half - " ~ ln_gamma('(exponent + 1)') ~ ")") }} as tail
    from terms
    group by experiment_code

),

tested as (

    select
        sizes.*,
        distances.chi_squared,
        case
            when sizes.has_intruders = 1 then 0
            when coalesce(distances.degrees, 0) < 1 then null
            when distances.chi_squared = 0 then 1
            else
                coalesce(tails.tail, 0)
                + case when distances.degrees % 2 = 1 then {{ two_sided_p('sqrt(distances.chi_squared)') }} else 0 end
        end as p_value
    from sizes
    left join distances on sizes.experiment_code = distances.experiment_code
    left join tails on sizes.experiment_code = tails.experiment_code

),

judged as (

    select
        tested.*,
        case
            when tested.arms < 2 then 'it has one arm'
            when tested.planned_arms > 0 and tested.lacks_planned_arm = 1 and tested.has_unplanned_arm = 1
                then 'its planned arms and the arms of its units have different names'
            when tested.p_value < 0.001
                then
                    'sample ratio mismatch: its arms have sizes that chance does not give; '
                    || 'find out why before reading it'
        end as broken_because
    from tested

)

select
    cast(judged.experiment_code as string) as experiment_code,
    cast(coalesce(units.is_holdout, false) as boolean) as is_holdout,
    cast(control.arm as string) as control_arm,
    cast(judged.arms as bigint) as arms,
    cast(coalesce(units.units, 0) as bigint) as units,
    cast(coalesce(units.units_in_two_arms, 0) as bigint) as units_in_two_arms,
    cast(coalesce(units.units_waiting, 0) as bigint) as units_waiting,
    cast(units.attribution_days as bigint) as attribution_days,
    cast(units.first_assigned_at as timestamp) as first_assigned_at,
    cast(units.last_assigned_at as timestamp) as last_assigned_at,
    cast(judged.chi_squared as double) as sample_ratio_chi_squared,
    cast(judged.p_value as double) as sample_ratio_p_value,
    cast(case
        when judged.arms < 2 then 'nothing to compare'
        when judged.broken_because is not null then 'withheld'
        when (judged.arms_to_read < 2 or judged.control_units < 2) and units.units_waiting > 0 then 'waiting'
        when judged.arms_to_read < 2 or judged.control_units < 2 then 'nothing to compare'
        else 'readable'
    end as string) as status,
    cast(case
        when judged.broken_because is not null then judged.broken_because
        when (judged.arms_to_read < 2 or judged.control_units < 2) and units.units_waiting > 0
            then 'the attribution window of ' || cast(units.attribution_days as string) || ' days is still open'
        when judged.arms_to_read < 2 or judged.control_units < 2
            then 'the control or every other arm has less than two units'
        when judged.p_value is null then 'readable, but its arms are too small for a sample-ratio check'
        else 'arms have the sizes they should'
    end as string) as why
from judged
left join units on judged.experiment_code = units.experiment_code
left join arms as control on judged.experiment_code = control.experiment_code and control.is_control
