-- One row per experiment, outcome, arm that is not the control, and stratum (null: all of them): what the arm changed.
{% set z_95 = '1.959963984540054e+00' %}
{% set z_80_power = '2.8015852181129683e+00' %}
{% set alpha = '5.0e-02' %}
with

estimated as (

    select
        *,
        nullif(sqrt(squared_error), 0) as lift_se,
        -- A share of nothing, or of less, says nothing. The delta method, for a ratio of two means.
        case when m0 > 0 then lift / m0 end as relative_lift,
        case when m0 > 0 then nullif(sqrt(v1 / n1 / power(m0, 2) + m1 * m1 * v0 / n0 / power(m0, 4)), 0) end
            as relative_se,
        -- How far what was before foretells what came is taken out (CUPED, Deng and others 2013).
        lift - theta * before_lift as cuped_lift,
        nullif(sqrt(greatest(
            (v1 + theta * theta * xv1 - 2 * theta * c1) / n1 + (v0 + theta * theta * xv0 - 2 * theta * c0) / n0, 0
        )), 0) as cuped_se,
        -- An asymptotic confidence sequence (Waudby-Smith and others 2021), narrowest at so many units.
        (-2 * ln({{ alpha }}) + ln(1 - 2 * ln({{ alpha }}))) / {{ var('sequential_tuning_units') }} as squared_rho
    from {{ ref('int_experiment_comparisons') }}

),

tested as (

    select
        *,
        lift / lift_se as z,
        cuped_lift / cuped_se as cuped_z,
        lift_se * sqrt(2 * (n * squared_rho + 1) * ln(sqrt(n * squared_rho + 1) / {{ alpha }}) / (n * squared_rho))
            as always_valid_half
    from estimated

)

select
    cast(experiment_code as string) as experiment_code,
    cast(outcome_name as string) as outcome_name,
    cast(arm as string) as arm,
    cast(control_arm as string) as control_arm,
    cast(stratum as string) as stratum,
    cast(status as string) as status,
    cast(n1 as bigint) as units,
    cast(n0 as bigint) as control_units,
    cast(m1 as double) as mean,
    cast(m0 as double) as control_mean,
    cast(lift as double) as lift,
    cast(lift_se as double) as lift_se,
    cast(lift - {{ z_95 }} * lift_se as double) as lift_low,
    cast(lift + {{ z_95 }} * lift_se as double) as lift_high,
    cast({{ two_sided_p('z') }} as double) as p_value,
    cast(lift - always_valid_half as double) as always_valid_low,
    cast(lift + always_valid_half as double) as always_valid_high,
    cast(relative_lift as double) as relative_lift,
    cast(relative_se as double) as relative_se,
    cast(relative_lift - {{ z_95 }} * relative_se as double) as relative_lift_low,
    cast(relative_lift + {{ z_95 }} * relative_se as double) as relative_lift_high,
    cast(cuped_lift as double) as cuped_lift,
    cast(cuped_se as double) as cuped_se,
    cast(cuped_lift - {{ z_95 }} * cuped_se as double) as cuped_low,
    cast(cuped_lift + {{ z_95 }} * cuped_se as double) as cuped_high,
    cast({{ two_sided_p('cuped_z') }} as double) as cuped_p_value,
    cast(correlation as double) as correlation,
    cast({{ as_of() }} as timestamp) as read_at,
    cast(1 - cuped_se * cuped_se / squared_error as double) as variance_saved,
    cast({{ z_80_power }} * coalesce(cuped_se, lift_se) as double) as minimum_detectable_lift
from tested
