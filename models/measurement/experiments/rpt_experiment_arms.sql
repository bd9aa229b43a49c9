-- One row per experiment and arm: its expected units by plan, and its units.
with

units as (

    select * from {{ ref('int_experiment_units') }}

),

planned as (

    select * from {{ ref('stg_experiments__arms') }}

),

counted as (

    select
        experiment_code,
        arm,
        count(case when not is_in_two_arms then 1 end) as units,
        count(case when not is_in_two_arms and not is_waiting then 1 end) as units_read,
        -- Each customer was held out with the share that applied on the day they entered.
        {{ exact_sum('case when is_holdout then holdout_share end') }} as held_out_by_plan
    from units
    group by experiment_code, arm

),

-- A planned arm without units is an arm, too.
arms as (

    select
        coalesce(counted.experiment_code, planned.experiment_code) as experiment_code,
        coalesce(counted.arm, planned.arm) as arm,
        coalesce(counted.units, 0) as units,
        coalesce(counted.units_read, 0) as units_read,
        counted.held_out_by_plan,
        planned.arm is not null as is_planned,
        planned.role,
        planned.expected_share
    from counted
    full join planned on counted.experiment_code = planned.experiment_code and counted.arm = planned.arm

),

with_totals as (

    select
        *,
        sum(units) over (partition by experiment_code) as all_units,
        count(*) over (partition by experiment_code) as arms,
        count(expected_share) over (partition by experiment_code) as arms_with_share,
        sum(cast(expected_share as decimal(38, 18))) over (partition by experiment_code) as all_shares,
        sum(cast(held_out_by_plan as decimal(38, 18))) over (partition by experiment_code) as all_held_out_by_plan,
        row_number() over (
            partition by experiment_code
            order by
                case role when 'control' then 0 when 'treatment' then 2 else 1 end,
                case lower(arm)
                    when 'control' then 1 when 'holdout' then 2 when 'baseline' then 3 when 'a' then 4 else 5
                end,
                arm
        ) as place
    from arms

),

with_shares as (

    select
        *,
        case
            when all_held_out_by_plan > 0 and arm = 'holdout'
                then cast(all_held_out_by_plan as double) / nullif(all_units, 0)
            when all_held_out_by_plan > 0 then 1 - cast(all_held_out_by_plan as double) / nullif(all_units, 0)
            when arms_with_share = arms and all_shares > 0 then expected_share / cast(all_shares as double)
            else 1 / cast(arms as double)
        end as planned_share
    from with_totals

)

select
    experiment_code,
    arm,
    is_planned,
    place = 1 as is_control,
    planned_share as expected_share,
    units / nullif(cast(all_units as double), 0) as share,
    planned_share * all_units as expected_units,
    units,
    units_read
from with_shares
