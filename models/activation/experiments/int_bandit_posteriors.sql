-- One row per bandit and variant: the posterior of its rate, a beta distribution, from the decisions whose window has
-- closed. Each decision is weighted by one over its probability (inverse propensity). A bandit shows a variant more
-- often in some seasons than in others, and an unweighted rate would confuse the season with the variant. Weighted
-- counts are scaled to their effective size, (sum w)^2 / sum w^2. The prior is one success (or one failure, whichever
-- is rarer) at the rate of all variants together, so that a new variant starts at the common rate.
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

posteriors as (

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
    experiment_code,
    variant,
    floor_share,
    trials,
    successes,
    weight,
    success_weight / nullif(weight, 0) as weighted_rate,
    a,
    b
from posteriors
