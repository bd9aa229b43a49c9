-- One row per bandit and variant: what is believed of its rate, a beta distribution, after the decisions whose window
-- has closed. Each decision weighs one over the chance it had (inverse propensity): a bandit gives a variant its
-- decisions in good and bad seasons unevenly, and plain rates would take the season for the variant. Weighted counts
-- are brought to their effective size, (sum w)^2 / sum w^2. The prior is worth one success (or one failure, the rarer
-- of both) at the rate of all variants together, so that a new variant has to show something first.
with

weighted as (

    select
        variants.experiment_code,
        variants.variant,
        max(variants.floor_share) as floor_share,
        count(rewards.customer_key) as trials,
        count(case when rewards.is_success then 1 end) as successes,
        coalesce({{ exact_sum('1 / rewards.share') }}, 0) as weight,
        coalesce({{ exact_sum('case when rewards.is_success then 1 / rewards.share end') }}, 0) as success_weight,
        coalesce({{ exact_sum('1 / (rewards.share * rewards.share)') }}, 0) as squared_weight
    from {{ ref('int_bandit_variants') }} as variants
    left join {{ ref('int_bandit_rewards') }} as rewards
        on variants.experiment_code = rewards.experiment_code and variants.variant = rewards.variant
    group by variants.experiment_code, variants.variant

),

pooled as (

    select
        experiment_code,
        (sum(successes) + 1) / cast(sum(trials) + 2 as double) as rate
    from weighted
    group by experiment_code

),

believed as (

    select
        weighted.*,
        greatest(1, pooled.rate / (1 - pooled.rate))
        + coalesce(weighted.success_weight * weighted.weight / nullif(weighted.squared_weight, 0), 0) as a,
        greatest(1, (1 - pooled.rate) / pooled.rate)
        + coalesce(
            (weighted.weight - weighted.success_weight) * weighted.weight / nullif(weighted.squared_weight, 0), 0
        ) as b
    from weighted
    inner join pooled on weighted.experiment_code = pooled.experiment_code

)

select
    cast(experiment_code as string) as experiment_code,
    cast(variant as string) as variant,
    cast(floor_share as double) as floor_share,
    cast(trials as bigint) as trials,
    cast(successes as bigint) as successes,
    cast(weight as double) as weight,
    cast(success_weight / nullif(weight, 0) as double) as weighted_rate,
    cast(a as double) as a,
    cast(b as double) as b
from believed
