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
        min(units_read) as smallest_arm,
        min(expected_units) as smallest_expected,
        -- Nobody was to be there, and somebody is.
        max(case when expected_units = 0 and units > 0 then 1 else 0 end) as has_intruders,
        cast(sum(case when expected_units > 0 then 1 else 0 end) - 1 as bigint) as degrees,
        {{ exact_sum('power(units - expected_units, 2) / nullif(expected_units, 0)') }} as chi_squared
    from arms
    group by experiment_code

),

-- The survival function of chi-squared by its recurrence: for n degrees the terms j = n/2 - 1, n/2 - 2 and so on, down
-- to 0 or 1/2, of h^j exp(-h) / gamma(j + 1) with h half of chi-squared; an odd n adds the normal tail. Arm i gives
-- term i.
terms as (

    select
        arms.experiment_code,
        sizes.degrees / 2.0 - arms.place as exponent,
        sizes.chi_squared / 2 as half
    from arms
    inner join sizes on arms.experiment_code = sizes.experiment_code
    where sizes.degrees / 2.0 - arms.place >= 0 and sizes.chi_squared > 0

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
        case
            when sizes.degrees < 1 then null
            when sizes.has_intruders = 1 then 0
            when sizes.chi_squared = 0 then 1
            else
                coalesce(tails.tail, 0)
                + case when sizes.degrees % 2 = 1 then {{ two_sided_p('sqrt(sizes.chi_squared)') }} else 0 end
        end as p_value
    from sizes
    left join tails on sizes.experiment_code = tails.experiment_code

)

select
    cast(tested.experiment_code as string) as experiment_code,
    cast(coalesce(units.is_holdout, false) as boolean) as is_holdout,
    cast(control.arm as string) as control_arm,
    cast(tested.arms as bigint) as arms,
    cast(coalesce(units.units, 0) as bigint) as units,
    cast(coalesce(units.units_in_two_arms, 0) as bigint) as units_in_two_arms,
    cast(coalesce(units.units_waiting, 0) as bigint) as units_waiting,
    cast(units.attribution_days as bigint) as attribution_days,
    cast(units.first_assigned_at as timestamp) as first_assigned_at,
    cast(units.last_assigned_at as timestamp) as last_assigned_at,
    cast(tested.chi_squared as double) as sample_ratio_chi_squared,
    cast(tested.p_value as double) as sample_ratio_p_value,
    cast(case
        when tested.arms < 2 then 'nothing to compare'
        when tested.p_value < 0.001 and tested.smallest_expected >= 5 then 'withheld'
        when tested.has_intruders = 1 then 'withheld'
        when tested.smallest_arm < 2 and units.units_waiting > 0 then 'waiting'
        when tested.smallest_arm < 2 then 'nothing to compare'
        else 'readable'
    end as string) as status,
    cast(case
        when tested.arms < 2 then 'it has one arm'
        when tested.p_value < 0.001 and tested.smallest_expected >= 5 or tested.has_intruders = 1
            then 'sample ratio mismatch: its arms have sizes that chance does not give; find out why before reading it'
        when tested.smallest_arm < 2 and units.units_waiting > 0
            then 'the attribution window of ' || cast(units.attribution_days as string) || ' days is still open'
        when tested.smallest_arm < 2 then 'an arm has less than two units'
        when tested.smallest_expected < 5 then 'readable, but its arms are too small for a sample-ratio check'
        else 'arms have the sizes they should'
    end as string) as why
from tested
left join units on tested.experiment_code = units.experiment_code
left join arms as control on tested.experiment_code = control.experiment_code and control.is_control
