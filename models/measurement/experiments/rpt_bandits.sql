-- One row per bandit and variant: how many decisions fell on it, what they brought, and what it gets now. A bandit
-- gives more to whom seemed better at the time, so plain rates of its variants compare other times and people;
-- weighting each decision by one over its chance undoes that (Hájek's estimate).
with

rewards as (

    select
        *,
        case when is_success then 1.0 else 0.0 end as success
    from {{ ref('int_bandit_rewards') }}

),

rates as (

    select
        experiment_code,
        variant,
        {{ exact_sum('1 / share') }} as all_weights,
        {{ exact_sum('success / share') }} / {{ exact_sum('1 / share') }} as weighted_rate
    from rewards
    group by experiment_code, variant

),

errors as (

    select
        rewards.experiment_code,
        rewards.variant,
        sqrt({{ exact_sum('power((rewards.success - rates.weighted_rate) / rewards.share, 2)') }}) / max(rates.all_weights)
            as weighted_se
    from rewards
    inner join rates on rewards.experiment_code = rates.experiment_code and rewards.variant = rates.variant
    group by rewards.experiment_code, rewards.variant

)

select
    cast(variants.experiment_code as string) as experiment_code,
    cast(variants.segment_code as string) as segment_code,
    cast(variants.variant as string) as variant,
    cast(variants.outcome_name as string) as outcome_name,
    cast(allocations.trials as bigint) as trials,
    cast(allocations.successes as bigint) as successes,
    cast(allocations.successes / nullif(cast(allocations.trials as double), 0) as double) as rate,
    cast(rates.weighted_rate as double) as weighted_rate,
    cast(errors.weighted_se as double) as weighted_se,
    cast(allocations.chance_best as double) as chance_best,
    cast(allocations.share as double) as share
from {{ ref('int_bandit_variants') }} as variants
inner join {{ ref('bandit_allocations') }} as allocations
    on variants.experiment_code = allocations.experiment_code and variants.variant = allocations.variant
left join rates on variants.experiment_code = rates.experiment_code and variants.variant = rates.variant
left join errors on variants.experiment_code = errors.experiment_code and variants.variant = errors.variant
