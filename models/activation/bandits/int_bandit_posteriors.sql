-- One row per bandit and variant: what is believed of its rate, a beta distribution from flat, after the decisions
-- whose window has closed.
with

counted as (

    select
        variants.experiment_code,
        variants.variant,
        max(variants.floor_share) as floor_share,
        cast(count(rewards.customer_key) as double) as trials,
        cast(count(case when rewards.is_success then 1 end) as double) as successes
    from {{ ref('int_bandit_variants') }} as variants
    left join {{ ref('int_bandit_rewards') }} as rewards
        on variants.experiment_code = rewards.experiment_code and variants.variant = rewards.variant
    group by variants.experiment_code, variants.variant

)

select
    cast(experiment_code as string) as experiment_code,
    cast(variant as string) as variant,
    cast(floor_share as double) as floor_share,
    cast(trials as bigint) as trials,
    cast(successes as bigint) as successes,
    cast((successes + 1) / (trials + 2) as double) as mean,
    cast(sqrt(
        (successes + 1) * (trials - successes + 1) / ((trials + 2) * (trials + 2) * (trials + 3))
    ) as double) as deviation
from counted
