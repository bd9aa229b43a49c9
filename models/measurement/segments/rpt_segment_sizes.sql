-- One row per segment and build that changed any membership: its size after the build, and whether the step to it is an
-- anomaly. The robust z of a step compares it with the median and the median absolute deviation of the 28 steps before
-- it, and raises an alarm when |z| > 4. The deviation counts as at least .02, or .3 / sqrt(members) where that is more:
-- in a small segment chance moves a larger share of members.
{% set smallest_deviation = '2.0e-02' %}
with

steps as (

    select * from {{ ref('int_segment_size_steps') }}

),

places_back as (

    {% for places in range(1, 29) %}
    select {{ places }} as places {{ 'union all' if not loop.last }}
    {% endfor %}

),

past_steps as (

    select
        steps.segment_code,
        steps.place + places_back.places as place,
        steps.log_step
    from steps
    cross join places_back

),

medians as (

    select
        steps.segment_code,
        steps.place,
        count(past_steps.log_step) as past_steps,
        percentile_cont(0.5) within group (order by past_steps.log_step) as median_step
    from steps
    inner join past_steps on steps.segment_code = past_steps.segment_code and steps.place = past_steps.place
    group by steps.segment_code, steps.place

),

deviations as (

    select
        medians.segment_code,
        medians.place,
        max(medians.past_steps) as past_steps,
        max(medians.median_step) as median_step,
        1.4826 * percentile_cont(0.5) within group (order by abs(past_steps.log_step - medians.median_step))
            as deviation
    from medians
    inner join past_steps on medians.segment_code = past_steps.segment_code and medians.place = past_steps.place
    group by medians.segment_code, medians.place

),

judged as (

    select
        steps.*,
        case
            when deviations.past_steps >= 14
                then
                    (steps.log_step - deviations.median_step)
                    / greatest(
                        deviations.deviation,
                        {{ smallest_deviation }},
                        3.0e-01 / sqrt(greatest(steps.members_before, 1))
                    )
        end as robust_z
    from steps
    left join deviations on steps.segment_code = deviations.segment_code and steps.place = deviations.place

)

select
    segment_code,
    moment_at,
    members,
    entered,
    departed,
    log_step,
    robust_z,
    coalesce(abs(robust_z) > 4, false) as is_anomaly
from judged
