-- One row per picture on the board 'experiments': what it shows today, in a sentence; null where there is nothing to
-- show. max() gives every picture a row: an aggregate returns one even for no input.
with

experiments as (

    select
        count(*) as experiments,
        count(case when status = 'readable' then 1 end) as readable,
        count(case when status = 'withheld' then 1 end) as withheld,
        count(case when status = 'waiting' then 1 end) as waiting
    from {{ ref('rpt_experiments') }}

),

comparisons as (

    select
        count(*) as comparisons,
        -- A board is looked at early and often, so the always-valid interval decides.
        count(case when always_valid_low > 0 then 1 end) as better,
        count(case when always_valid_high < 0 then 1 end) as worse
    from {{ ref('rpt_experiment_lift') }}
    where stratum is null and status = 'readable'

)

select
    'experiments' as picture,
    max(
        cast(readable as string) || ' of ' || cast(experiments as string) || ' experiments can be read; '
        || cast(waiting as string) || ' wait for their window, ' || cast(withheld as string) || ' withheld'
    ) as headline
from experiments
where experiments > 0
union all
select
    'lift' as picture,
    max(
        cast(better as string) || ' of ' || cast(comparisons as string)
        || ' comparisons are better than their control, ' || cast(worse as string) || ' worse, beyond chance'
    ) as headline
from comparisons
where comparisons > 0
