-- One row per experiment, outcome, arm and stratum (null: all strata): counts, means, variances and the covariance of
-- the value and the value before. Sums are of scaled and centred values, so that they are exact. Where all values of a
-- group are equal, the mean is that value and the variance is 0.
with

scaled as (

    select * from {{ ref('int_experiment_scaled_values') }}

),

centres as (

    select
        experiment_code,
        outcome_name,
        arm,
        stratum,
        count(*) as units,
        min(value) as smallest,
        max(value) as largest,
        min(before_value) as smallest_before,
        max(before_value) as largest_before,
        {{ exact_mean('scaled_value') }} as centre,
        {{ exact_mean('scaled_before_value') }} as centre_before
    from scaled
    group by experiment_code, outcome_name, arm, stratum

),

sums as (

    select
        scaled.experiment_code,
        scaled.outcome_name,
        scaled.arm,
        scaled.stratum,
        max(scaled.value_scale) as value_scale,
        max(scaled.before_scale) as before_scale,
        count(case when scaled.value > centres.smallest then 1 end) as units_above,
        count(case when scaled.value < centres.largest then 1 end) as units_below,
        {{ exact_sum('power(scaled.scaled_value - centres.centre, 2)') }} as squares,
        {{ exact_sum('power(scaled.scaled_before_value - centres.centre_before, 2)') }} as squares_before,
        {{ exact_sum(
            '(scaled.scaled_before_value - centres.centre_before) * (scaled.scaled_value - centres.centre)'
        ) }} as products
    from scaled
    inner join centres
        on
            scaled.experiment_code = centres.experiment_code
            and scaled.outcome_name = centres.outcome_name
            and scaled.arm = centres.arm
            and scaled.stratum is not distinct from centres.stratum
    group by scaled.experiment_code, scaled.outcome_name, scaled.arm, scaled.stratum

),

joined as (

    select
        sums.*,
        centres.units,
        centres.largest,
        centres.centre,
        centres.centre_before,
        centres.smallest = centres.largest as is_constant,
        centres.smallest_before = centres.largest_before as is_constant_before,
        nullif(centres.units - 1, 0) as degrees
    from sums
    inner join centres
        on
            sums.experiment_code = centres.experiment_code
            and sums.outcome_name = centres.outcome_name
            and sums.arm = centres.arm
            and sums.stratum is not distinct from centres.stratum

)

select
    experiment_code,
    outcome_name,
    arm,
    stratum,
    units,
    units_above,
    units_below,
    case when is_constant then largest else centre * value_scale end as mean,
    case when units > 1 and is_constant then 0 else squares / degrees * value_scale * value_scale end as variance,
    centre_before * before_scale as before_mean,
    case when squares_before / degrees is not null and is_constant_before then 0 else squares_before / degrees end
    * before_scale * before_scale as before_variance,
    case
        when products / degrees is not null and (is_constant or is_constant_before) then 0
        else products / degrees
    end * before_scale * value_scale as covariance
from joined
