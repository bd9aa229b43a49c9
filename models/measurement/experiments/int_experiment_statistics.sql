-- One row per experiment, outcome, arm and stratum (null: all of them): count, means, variances and covariance of what
-- came after and what was before. Values are brought to the size of one and centred first, so that sums are exact.
with

observed as (

    select * from {{ ref('int_experiment_values') }}

),

scales as (

    select
        experiment_code,
        outcome_name,
        count(distinct stratum) > 1 as has_strata,
        coalesce(nullif(max(abs(value)), 0), 1) as value_scale,
        coalesce(nullif(max(abs(before_value)), 0), 1) as before_scale
    from observed
    group by experiment_code, outcome_name

),

centres as (

    select
        observed.experiment_code,
        observed.outcome_name,
        {{ exact_sum('observed.value / scales.value_scale') }} / count(*) as value_centre,
        {{ exact_sum('observed.before_value / scales.before_scale') }} / count(observed.before_value) as before_centre
    from observed
    inner join scales
        on observed.experiment_code = scales.experiment_code and observed.outcome_name = scales.outcome_name
    group by observed.experiment_code, observed.outcome_name

),

deviations as (

    select
        observed.experiment_code,
        observed.outcome_name,
        observed.arm,
        case when scales.has_strata then observed.stratum end as stratum,
        observed.value / scales.value_scale - centres.value_centre as y,
        observed.before_value / scales.before_scale - centres.before_centre as x
    from observed
    inner join scales
        on observed.experiment_code = scales.experiment_code and observed.outcome_name = scales.outcome_name
    inner join centres
        on observed.experiment_code = centres.experiment_code and observed.outcome_name = centres.outcome_name

),

sums as (

    select
        experiment_code,
        outcome_name,
        arm,
        stratum,
        grouping(stratum) as is_of_all_strata,
        count(*) as units,
        {{ exact_sum('y') }} as y,
        {{ exact_sum('y * y') }} as yy,
        -- What was before counts where it is known of everyone.
        case when count(x) = count(*) then {{ exact_sum('x') }} end as x,
        case when count(x) = count(*) then {{ exact_sum('x * x') }} end as xx,
        case when count(x) = count(*) then {{ exact_sum('x * y') }} end as xy
    from deviations
    group by experiment_code, outcome_name, arm, rollup(stratum)

),

centred as (

    select
        *,
        greatest(yy - y * y / units, 0) / nullif(units - 1, 0) as y_variance,
        case when x is not null then greatest(xx - x * x / units, 0) / nullif(units - 1, 0) end as x_variance,
        (xy - x * y / units) / nullif(units - 1, 0) as xy_covariance
    from sums

)

select
    cast(centred.experiment_code as string) as experiment_code,
    cast(centred.outcome_name as string) as outcome_name,
    cast(centred.arm as string) as arm,
    cast(centred.stratum as string) as stratum,
    cast(centred.units as bigint) as units,
    cast((centred.y / centred.units + centres.value_centre) * scales.value_scale as double) as mean,
    cast(centred.y_variance * scales.value_scale * scales.value_scale as double) as variance,
    cast((centred.x / centred.units + centres.before_centre) * scales.before_scale as double) as before_mean,
    cast(centred.x_variance * scales.before_scale * scales.before_scale as double) as before_variance,
    cast(centred.xy_covariance * scales.before_scale * scales.value_scale as double) as covariance
from centred
inner join scales
    on centred.experiment_code = scales.experiment_code and centred.outcome_name = scales.outcome_name
inner join centres
    on centred.experiment_code = centres.experiment_code and centred.outcome_name = centres.outcome_name
where centred.is_of_all_strata = 1 or scales.has_strata
