-- One row per segment and build that moved anybody: its size then, and whether the step to it was like those before.
-- The step is the difference of log sizes; its robust z stands against the median and the median absolute deviation of
-- the 28 steps before it. That deviation counts as two of a hundred at least, and as more where few members make chance
-- large: .3 / sqrt(members).
{% set smallest_deviation = '2.0e-02' %}
with

moves as (

    select
        segment_code,
        changed_at,
        count(case when action = 'entered' then 1 end) as entered,
        count(case when action = 'left' then 1 end) as departed
    from {{ ref('segment_history') }}
    group by segment_code, changed_at

),

moments as (

    select distinct changed_at from moves

),

firsts as (

    select segment_code, min(changed_at) as first_at
    from moves
    group by segment_code

),

sizes as (

    select
        firsts.segment_code,
        moments.changed_at,
        coalesce(moves.entered, 0) as entered,
        coalesce(moves.departed, 0) as departed,
        sum(coalesce(moves.entered, 0) - coalesce(moves.departed, 0))
            over (partition by firsts.segment_code order by moments.changed_at) as members,
        row_number() over (partition by firsts.segment_code order by moments.changed_at) as place
    from firsts
    inner join moments on firsts.first_at <= moments.changed_at
    left join moves on firsts.segment_code = moves.segment_code and moments.changed_at = moves.changed_at

),

steps as (

    select
        *,
        lag(members) over (partition by segment_code order by place) as members_before,
        ln(greatest(members, 0.5))
        - lag(ln(greatest(members, 0.5))) over (partition by segment_code order by place) as step
    from sizes

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
        steps.step
    from steps
    cross join places_back

),

medians as (

    select
        steps.segment_code,
        steps.place,
        count(past_steps.step) as past_steps,
        percentile_cont(0.5) within group (order by past_steps.step) as median_step
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
        1.4826 * percentile_cont(0.5) within group (order by abs(past_steps.step - medians.median_step)) as deviation
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
                    (steps.step - deviations.median_step)
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
    cast(segment_code as string) as segment_code,
    cast(changed_at as timestamp) as moment_at,
    cast(members as bigint) as members,
    cast(entered as bigint) as entered,
    cast(departed as bigint) as departed,
    cast(step as double) as log_step,
    cast(robust_z as double) as robust_z,
    cast(coalesce(abs(robust_z) > 4, false) as boolean) as is_anomaly
from judged
