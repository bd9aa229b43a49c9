-- One row per bandit and customer for whom this build picks a variant, with the chance it had. A decision stands for
-- the bandit's window; who is then still addressed is drawn anew, so that windows of one person never overlap.
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

known as (

    select
        decisions.experiment_code,
        decisions.customer_key,
        count(*) as decisions,
        -- A variant that is no longer offered does not hold anybody up.
        count(case
            when
                allocated.variant is not null
                and {{ elapsed('day', 'decisions.decided_at', as_of()) }} < decisions.window_days
                then 1
        end) as standing
    from {{ history_of('bandit_decisions', ['experiment_code', 'variant', 'decided_at', 'window_days']) }} as decisions
    left join allocated
        on decisions.experiment_code = allocated.experiment_code and decisions.variant = allocated.variant
    group by decisions.experiment_code, decisions.customer_key

),

due as (

    select distinct
        bandits.experiment_code,
        members.customer_key,
        coalesce(known.decisions, 0) as decisions
    from {{ ref('int_audience_members') }} as members
    inner join bandits
        on
            members.segment_code = bandits.segment_code
            -- Who is not told by e-mail cannot click there.
            and (bandits.outcome_name = 'purchased' or members.channel = 'email')
    inner join {{ ref('int_bandit_reach') }} as reach
        on members.channel = reach.channel and members.customer_key = reach.customer_key
    left join known
        on bandits.experiment_code = known.experiment_code and members.customer_key = known.customer_key
    where coalesce(known.standing, 0) = 0

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
    cast(drawn.experiment_code as string) as experiment_code,
    cast(drawn.customer_key as string) as customer_key,
    cast(allocated.variant as string) as variant,
    cast(allocated.share as double) as share,
    cast(allocated.outcome_name as string) as outcome_name,
    cast(allocated.window_days as bigint) as window_days,
    cast({{ built_at() }} as timestamp) as decided_at,
    cast('{{ var("build_id") }}' as string) as build_id
from drawn
inner join allocated
    on
        drawn.experiment_code = allocated.experiment_code
        and drawn.draw * cast(allocated.all_shares as double) < cast(allocated.share_until as double)
        and drawn.draw * cast(allocated.all_shares as double)
        >= cast(allocated.share_until - cast(allocated.share as decimal(18, 6)) as double)
