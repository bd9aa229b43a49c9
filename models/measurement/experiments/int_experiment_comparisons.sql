-- One row per experiment, outcome, arm that is not the control, and stratum (null: all of them): the arm (1) and its
-- control (0) side by side, and both as one sample. An experiment that is withheld has its rows and no figures.
with

arms as (

    select * from {{ ref('rpt_experiment_arms') }}

),

statistics as (

    select
        statistics.*,
        experiments.status,
        case when experiments.status = 'readable' then statistics.mean end as readable_mean,
        case when experiments.status = 'readable' then statistics.variance end as readable_variance
    from {{ ref('int_experiment_statistics') }} as statistics
    inner join {{ ref('rpt_experiments') }} as experiments
        on statistics.experiment_code = experiments.experiment_code and experiments.status in ('readable', 'withheld')

),

pairs as (

    select
        treated.experiment_code,
        treated.outcome_name,
        treated.stratum,
        treated.arm,
        control.arm as control_arm,
        treated.status,
        treated.units as n1,
        control.units as n0,
        cast(treated.units + control.units as double) as n,
        treated.readable_mean as m1,
        control.readable_mean as m0,
        treated.readable_variance as v1,
        control.readable_variance as v0,
        treated.readable_mean - control.readable_mean as lift,
        treated.before_mean - control.before_mean as before_lift,
        treated.before_variance as xv1,
        control.before_variance as xv0,
        treated.covariance as c1,
        control.covariance as c0
    from statistics as treated
    inner join arms on treated.experiment_code = arms.experiment_code and treated.arm = arms.arm and not arms.is_control
    inner join arms as control_arms
        on treated.experiment_code = control_arms.experiment_code and control_arms.is_control
    inner join statistics as control
        on
            treated.experiment_code = control.experiment_code
            and treated.outcome_name = control.outcome_name
            and control_arms.arm = control.arm
            and treated.stratum is not distinct from control.stratum

),

-- Sums of squares and products over both arms as one sample.
pooled as (

    select
        *,
        (n1 - 1) * xv1 + (n0 - 1) * xv0 + n1 * n0 / n * before_lift * before_lift as xx,
        (n1 - 1) * c1 + (n0 - 1) * c0 + n1 * n0 / n * before_lift * lift as xy,
        (n1 - 1) * v1 + (n0 - 1) * v0 + n1 * n0 / n * lift * lift as yy
    from pairs

)

select
    *,
    v1 / n1 + v0 / n0 as squared_error,
    xy / nullif(xx, 0) as theta,
    xy / nullif(sqrt(xx * yy), 0) as correlation
from pooled
