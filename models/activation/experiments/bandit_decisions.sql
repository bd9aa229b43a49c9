-- One row per bandit and customer for whom this build picks a variant, with the probability of the pick. A decision is
-- valid for the bandit's window. After it, a customer who is still addressed gets a new one, so that the windows of a
-- customer never overlap.
with

allocated as (

    select
        variants.segment_code,
        variants.outcome_name,
        variants.window_days,
        allocations.*,
        sum(cast(allocations.share as decimal(18, 6))) over (
            partition by allocations.experiment_code order by allocations.variant
        ) as share_until,
        sum(cast(allocations.share as decimal(18, 6))) over (partition by allocations.experiment_code) as all_shares
    from {{ ref('bandit_allocations') }} as allocations
    inner join {{ ref('int_bandit_variants') }} as variants
        on allocations.experiment_code = variants.experiment_code and allocations.variant = variants.variant

),

bandits as (

    select distinct experiment_code, segment_code, outcome_name from allocated

),

earlier as (

    select
        decisions.experiment_code,
        decisions.customer_key,
        count(*) as decisions,
        -- A decision for a variant that is no longer offered does not block a new one.
        count(case
            when
                allocated.variant is not null
                and {{ elapsed('day', 'decisions.decided_at', as_of()) }} < decisions.window_days
                then 1
        end) as open_decisions
    from {{ history_of('bandit_decisions', ['experiment_code', 'variant', 'decided_at', 'window_days']) }} as decisions
    left join allocated
        on decisions.experiment_code = allocated.experiment_code and decisions.variant = allocated.variant
    group by decisions.experiment_code, decisions.customer_key

),

due as (

    select distinct
        bandits.experiment_code,
        members.customer_key,
        coalesce(earlier.decisions, 0) as decisions
    from {{ ref('int_audience_members') }} as members
    inner join bandits
        on
            members.segment_code = bandits.segment_code
            -- Only customers who receive the e-mail can click in it.
            and (bandits.outcome_name = 'purchased' or members.channel = 'email')
    inner join {{ ref('int_bandit_reach') }} as reach
        on members.channel = reach.channel and members.customer_key = reach.customer_key
    left join earlier
        on bandits.experiment_code = earlier.experiment_code and members.customer_key = earlier.customer_key
    where coalesce(earlier.open_decisions, 0) = 0

),

drawn as (

    select
        *,
        {{ share_of_hash(
            "'" ~ var('key_salt') ~ "|' || experiment_code || '|' || customer_key || '|' || cast(decisions as string)"
        ) }} as draw
    from due

)

select
    drawn.experiment_code,
    drawn.customer_key,
    allocated.variant,
    allocated.share,
    allocated.outcome_name,
    allocated.window_days,
    {{ built_at() }} as decided_at,
    '{{ var("build_id") }}' as build_id
from drawn
inner join allocated
    on
        drawn.experiment_code = allocated.experiment_code
        and drawn.draw * cast(allocated.all_shares as double) < cast(allocated.share_until as double)
        and drawn.draw * cast(allocated.all_shares as double)
        >= cast(allocated.share_until - cast(allocated.share as decimal(18, 6)) as double)
