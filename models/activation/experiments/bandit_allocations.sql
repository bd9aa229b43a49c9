-- One row per bandit and variant: the share of this build's decisions that the variant gets. Thompson sampling gives a
-- variant the chance that its rate is the highest. The floor reserves a part for each variant.
with

chances as (

    select
        posteriors.*,
        count(*) over (partition by posteriors.experiment_code) as variants,
        chances.chance_best
    from {{ ref('int_bandit_posteriors') }} as posteriors
    inner join {{ ref('int_bandit_chances') }} as chances
        on posteriors.experiment_code = chances.experiment_code and posteriors.variant = chances.variant

)

select
    experiment_code,
    variant,
    trials,
    successes,
    round(chance_best, 6) as chance_best,
    round(floor_share + (1 - variants * floor_share) * chance_best, 6) as share,
    {{ built_at() }} as allocated_at
from chances
