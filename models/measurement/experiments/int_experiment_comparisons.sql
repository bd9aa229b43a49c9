-- One row per experiment, outcome, arm that is not the control, and stratum (null: all strata): the statistics of the
-- arm (1) and its control (0), and of both pooled into one sample. A comparison that is withheld, or that has too few
-- units, has a row without figures. An arm has too few units if fewer than ten are above its smallest value, or fewer
-- than ten below its largest: its mean is then far from normally distributed.
{% set minimum_units = 10 %}
with

arms as (

    select * from {{ ref('rpt_experiment_arms') }}

),

statistics as (

    select
        statistics.*,
        experiments.status,
        least(statistics.units_above, statistics.units_below) >= {{ minimum_units }} as has_enough_units
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
            when treated.status = 'readable' and not (treated.has_enough_units and control.has_enough_units)
                then 'too few'
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
        {% for figure in ['m1', 'm0', 'v1', 'v0', 'lift', 'before_lift', 'xv1', 'xv0', 'c1', 'c0'] %}
        case when status = 'readable' then {{ figure }} end as {{ figure }},
        {% endfor %}
        n1,
        n0,
        n
    from pairs

),

-- Sums of squares and products over both arms, pooled into one sample.
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
