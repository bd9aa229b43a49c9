-- One row per experiment, outcome, arm and stratum (null: all of them): counts, means, variances and covariance of what
-- came after and what was before. Values of each group are brought to the size of one and centred, so that sums are
-- exact; where all are alike, the mean is that value and the variance nothing.
with

observed as (

    select
        *,
        min(stratum) over (partition by experiment_code, outcome_name)
        <> max(stratum) over (partition by experiment_code, outcome_name) as has_strata
    from {{ ref('int_experiment_values') }}

),

grouped as (

    select experiment_code, outcome_name, arm, cast(null as string) as stratum, value, before_value
    from observed
    union all
    select experiment_code, outcome_name, arm, stratum, value, before_value
    from observed
    where has_strata

),

scales as (

    select
        experiment_code,
        outcome_name,
        arm,
        stratum,
        count(*) as units,
        count(before_value) as units_with_before,
        min(value) as smallest,
        max(value) as largest,
        min(before_value) as smallest_before,
        max(before_value) as largest_before,
        coalesce(nullif(max(abs(value)), 0), 1) as value_scale,
        coalesce(nullif(max(abs(before_value)), 0), 1) as before_scale
    from grouped
    group by experiment_code, outcome_name, arm, stratum

),

scaled as (

    select
        scales.*,
        grouped.value,
        grouped.value / scales.value_scale as y,
        -- What was before counts where it is known of everyone.
        case when scales.units = scales.units_with_before then grouped.before_value / scales.before_scale end as x
    from grouped
    inner join scales
        on
            grouped.experiment_code = scales.experiment_code
            and grouped.outcome_name = scales.outcome_name
            and grouped.arm = scales.arm
            and grouped.stratum is not distinct from scales.stratum

),

centres as (

    select
        experiment_code,
        outcome_name,
        arm,
        stratum,
        max(units) as units,
        {{ exact_sum('y') }} / max(units) as y_centre,
        {{ exact_sum('x') }} / max(units) as x_centre
    from scaled
    group by experiment_code, outcome_name, arm, stratum

),

sums as (

    select
        scaled.experiment_code,
        scaled.outcome_name,
        scaled.arm,
        scaled.stratum,
        max(scaled.units) as units,
        max(scaled.smallest) as smallest,
        max(scaled.largest) as largest,
        max(scaled.smallest_before) as smallest_before,
        max(scaled.largest_before) as largest_before,
        max(scaled.value_scale) as value_scale,
        max(scaled.before_scale) as before_scale,
        max(centres.y_centre) as y_centre,
        max(centres.x_centre) as x_centre,
        count(case when scaled.value > scaled.smallest then 1 end) as units_above,
        count(case when scaled.value < scaled.largest then 1 end) as units_below,
        {{ exact_sum('power(scaled.y - centres.y_centre, 2)') }} / nullif(max(scaled.units) - 1, 0) as y_variance,
        {{ exact_sum('power(scaled.x - centres.x_centre, 2)') }} / nullif(max(scaled.units) - 1, 0) as x_variance,
        {{ exact_sum('(scaled.x - centres.x_centre) * (scaled.y - centres.y_centre)') }}
        / nullif(max(scaled.units) - 1, 0) as xy_covariance
    from scaled
    inner join centres
        on
            scaled.experiment_code = centres.experiment_code
            and scaled.outcome_name = centres.outcome_name
            and scaled.arm = centres.arm
            and scaled.stratum is not distinct from centres.stratum
    group by scaled.experiment_code, scaled.outcome_name, scaled.arm, scaled.stratum

)

select
    cast(experiment_code as string) as experiment_code,
    cast(outcome_name as string) as outcome_name,
    cast(arm as string) as arm,
    cast(stratum as string) as stratum,
    cast(units as bigint) as units,
    cast(units_above as bigint) as units_above,
    cast(units_below as bigint) as units_below,
    cast(case when smallest = largest then largest else y_centre * value_scale end as double) as mean,
    cast(
        case when units > 1 and smallest = largest then 0 else y_variance * value_scale * value_scale end as double
    ) as variance,
    cast(x_centre * before_scale as double) as before_mean,
    cast(
        case when x_variance is not null and smallest_before = largest_before then 0 else x_variance end
        * before_scale * before_scale as double
    ) as before_variance,
    cast(
        case
            when xy_covariance is not null and (smallest = largest or smallest_before = largest_before) then 0
            else xy_covariance
        end * before_scale * value_scale as double
    ) as covariance
from sums
