-- One row per picture on the board 'experiments': what it shows today, in a sentence; null where there is nothing to
-- show. max() gives every picture a row: an aggregate returns one even for no input.
with

experiments as (

    select
        count(*) as experiments,
        count(case when status = 'readable' then 1 end) as readable,
        count(case when status = 'waiting' then 1 end) as waiting,
        count(case when status = 'withheld' then 1 end) as withheld,
        count(case when status = 'nothing to compare' then 1 end) as alone
    from {{ ref('rpt_experiments') }}

),

-- The picture shows differences as shares of the control's mean, so it has those where that is above 0.
comparisons as (

    select
        count(*) as comparisons,
        count(case when verdict = 'higher' then 1 end) as higher,
        count(case when verdict = 'lower' then 1 end) as lower
    from {{ ref('rpt_experiment_lift') }}
    where stratum is null and verdict is not null and control_mean > 0

),

easiest_plan as (

    select segments.label, plans.minimum_detectable_relative_lift as lift
    from {{ ref('rpt_experiment_plans') }} as plans
    inner join {{ ref('dim_segments') }} as segments on plans.segment_code = segments.segment_code
    where plans.outcome_name = 'purchased' and plans.minimum_detectable_relative_lift is not null
    qualify row_number() over (order by plans.minimum_detectable_relative_lift, plans.segment_code) = 1

)

select
    'experiments' as picture,
    max(
        cast(readable as string) || ' of ' || cast(experiments as string) || ' experiments can be read; '
        || cast(waiting as string) || ' wait for their window, ' || cast(withheld as string) || ' withheld, '
        || cast(alone as string) || ' with nothing to compare'
    ) as headline
from experiments
where experiments > 0
union all
select
    'lift' as picture,
    max(
        'Compared with the control, ' || cast(higher as string) || ' of ' || cast(comparisons as string)
        || ' higher and ' || cast(lower as string) || ' lower beyond chance'
    ) as headline
from comparisons
where comparisons > 0
union all
select
    'plans' as picture,
    max(
        label || ': a holdout finds '
        || cast(cast(100 * lift as decimal(9, 1)) as string) || ' % or more'
    ) as headline
from easiest_plan
