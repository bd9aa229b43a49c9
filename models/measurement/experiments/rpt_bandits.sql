-- One row per bandit and variant: how many decisions fell on it, what they brought, and what it gets now. Plain rates
-- of variants compare other times and people; weighting each decision by one over its chance undoes that (Hájek's
-- estimate) for variants that were offered over the same time.
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
    cast(variants.experiment_code as string) as experiment_code,
    cast(variants.segment_code as string) as segment_code,
    cast(variants.variant as string) as variant,
    cast(variants.outcome_name as string) as outcome_name,
    cast(errors.first_decided_at as timestamp) as first_decided_at,
    cast(posteriors.trials as bigint) as trials,
    cast(posteriors.successes as bigint) as successes,
    cast(posteriors.successes / nullif(cast(posteriors.trials as double), 0) as double) as rate,
    cast(posteriors.weighted_rate as double) as weighted_rate,
    cast(errors.weighted_se as double) as weighted_se,
    cast(allocations.chance_best as double) as chance_best,
    cast(allocations.share as double) as share
from {{ ref('int_bandit_variants') }} as variants
inner join posteriors
    on variants.experiment_code = posteriors.experiment_code and variants.variant = posteriors.variant
inner join {{ ref('bandit_allocations') }} as allocations
    on variants.experiment_code = allocations.experiment_code and variants.variant = allocations.variant
left join errors on variants.experiment_code = errors.experiment_code and variants.variant = errors.variant
