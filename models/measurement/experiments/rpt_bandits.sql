-- One row per bandit and variant: its decisions, their successes, and the share of decisions it gets now. Plain rates
-- compare decisions made at different times for different people. Weighting each decision by one over its chance
-- corrects for that (Hájek's estimate), for variants that were offered over the same time.
with

posteriors as (

    select * from {{ ref('int_bandit_posteriors') }}

),

errors as (

    select
        rewards.experiment_code,
        rewards.variant,
        min(rewards.decided_at) as first_decided_at,
        sqrt({{ exact_sum(
            'power((case when rewards.is_success then 1 else 0 end - posteriors.weighted_rate) / rewards.share, 2)'
        ) }}) / max(posteriors.weight) as weighted_se
    from {{ ref('int_bandit_rewards') }} as rewards
    inner join posteriors
        on rewards.experiment_code = posteriors.experiment_code and rewards.variant = posteriors.variant
    group by rewards.experiment_code, rewards.variant

)

select
    variants.experiment_code,
    variants.segment_code,
    variants.variant,
    variants.outcome_name,
    errors.first_decided_at,
    posteriors.trials,
    posteriors.successes,
    posteriors.successes / nullif(cast(posteriors.trials as double), 0) as rate,
    posteriors.weighted_rate,
    errors.weighted_se,
    allocations.chance_best,
    allocations.share
from {{ ref('int_bandit_variants') }} as variants
inner join posteriors
    on variants.experiment_code = posteriors.experiment_code and variants.variant = posteriors.variant
inner join {{ ref('bandit_allocations') }} as allocations
    on variants.experiment_code = allocations.experiment_code and variants.variant = allocations.variant
left join errors on variants.experiment_code = errors.experiment_code and variants.variant = errors.variant
