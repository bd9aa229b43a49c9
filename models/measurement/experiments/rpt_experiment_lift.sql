-- One row per experiment, outcome, arm that is not the control, and stratum (null: all strata): what the arm changed.
{% set z_95 = '1.959963984540054e+00' %}
{% set z_80_power = '2.8015852181129683e+00' %}
{% set alpha = '5.0e-02' %}
with

estimated as (

    select
        *,
        nullif(sqrt(squared_error), 0) as lift_se,
        -- Without a positive mean of the control there is no relative lift. Its error is that of a ratio of two means,
        -- by the delta method.
        case when m0 > 0 then lift / m0 end as relative_lift,
        case when m0 > 0 then nullif(sqrt(v1 / n1 / power(m0, 2) + m1 * m1 * v0 / n0 / power(m0, 4)), 0) end
            as relative_se,
        -- The part of the outcome that the value before predicts is removed (CUPED, Deng and others 2013).
        lift - theta * before_lift as cuped_lift,
        nullif(sqrt(greatest(
            (v1 + theta * theta * xv1 - 2 * theta * c1) / n1 + (v0 + theta * theta * xv0 - 2 * theta * c0) / n0, 0
        )), 0) as cuped_se,
        -- An asymptotic confidence sequence (Waudby-Smith and others 2021), narrowest at sequential_tuning_units.
        (-2 * ln({{ alpha }}) + ln(1 - 2 * ln({{ alpha }}))) / {{ var('sequential_tuning_units') }} as squared_rho
    from {{ ref('int_experiment_comparisons') }}

),

tested as (

    select
        *,
        lift / lift_se as z,
        cuped_lift / cuped_se as cuped_z,
        -- One lift and one interval are reported everywhere: CUPED's where every unit has a value before.
        case when cuped_se is not null then cuped_lift else lift end as reported_lift,
        coalesce(cuped_se, lift_se)
        * sqrt(2 * (n * squared_rho + 1) * ln(sqrt(n * squared_rho + 1) / {{ alpha }}) / (n * squared_rho))
            as always_valid_half
    from estimated

)

select
    experiment_code,
    outcome_name,
    arm,
    control_arm,
    stratum,
    status,
    n1 as units,
    n0 as control_units,
    m1 as mean,
    m0 as control_mean,
    lift,
    lift_se,
    lift - {{ z_95 }} * lift_se as lift_low,
    lift + {{ z_95 }} * lift_se as lift_high,
    {{ two_sided_p('z') }} as p_value,
    relative_lift,
    relative_se,
    relative_lift - {{ z_95 }} * relative_se as relative_lift_low,
    relative_lift + {{ z_95 }} * relative_se as relative_lift_high,
    cuped_lift,
    cuped_se,
    cuped_lift - {{ z_95 }} * cuped_se as cuped_low,
    cuped_lift + {{ z_95 }} * cuped_se as cuped_high,
    {{ two_sided_p('cuped_z') }} as cuped_p_value,
    correlation,
    reported_lift,
    reported_lift - always_valid_half as always_valid_low,
    reported_lift + always_valid_half as always_valid_high,
    case
        when reported_lift - always_valid_half > 0 then 'higher'
        when reported_lift + always_valid_half < 0 then 'lower'
        when always_valid_half is not null then 'unclear'
    end as verdict,
    {{ as_of() }} as read_at,
    1 - cuped_se * cuped_se / squared_error as variance_saved,
    {{ z_80_power }} * coalesce(cuped_se, lift_se) as minimum_detectable_lift
from tested
