-- One row per experiment, outcome, arm that is not the control, and stratum (null: all of them): the arm (1) and its
-- control (0) side by side, and both as one sample. What is withheld, or of too few units, has its row and no figures:
-- of an arm where less than ten units differ from its smallest or its largest value, the mean is nowhere near normal.
{% set fewest = 10 %}
with

arms as (

    select * from {{ ref('rpt_experiment_arms') }}

),

statistics as (

    select
        statistics.*,
        experiments.status,
        statistics.units_above >= {{ fewest }} and statistics.units_below >= {{ fewest }} as is_enough
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
        case
            when treated.status = 'readable' and not (treated.is_enough and control.is_enough) then 'too few'
            else treated.status
        end as status,
        treated.units as n1,
        control.units as n0,
        cast(treated.units + control.units as double) as n,
        treated.mean as m1,
        control.mean as m0,
        treated.variance as v1,
        control.variance as v0,
        treated.mean - control.mean as lift,
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

readable as (

    select
        experiment_code,
        outcome_name,
        stratum,
        arm,
        control_arm,
        status,
        n1,
        n0,
        n,
        case when status = 'readable' then m1 end as m1,
        case when status = 'readable' then m0 end as m0,
        case when status = 'readable' then v1 end as v1,
        case when status = 'readable' then v0 end as v0,
        case when status = 'readable' then lift end as lift,
        case when status = 'readable' then before_lift end as before_lift,
        case when status = 'readable' then xv1 end as xv1,
        case when status = 'readable' then xv0 end as xv0,
        case when status = 'readable' then c1 end as c1,
        case when status = 'readable' then c0 end as c0
    from pairs

),

-- Sums of squares and products over both arms as one sample.
pooled as (

    select
        *,
        (n1 - 1) * xv1 + (n0 - 1) * xv0 + n1 * n0 / n * before_lift * before_lift as xx,
        (n1 - 1) * c1 + (n0 - 1) * c0 + n1 * n0 / n * before_lift * lift as xy,
        (n1 - 1) * v1 + (n0 - 1) * v0 + n1 * n0 / n * lift * lift as yy
    from readable

)

select
    *,
    nullif(v1 / n1 + v0 / n0, 0) as squared_error,
    xy / nullif(xx, 0) as theta,
    xy / nullif(sqrt(xx * yy), 0) as correlation
from pooled
