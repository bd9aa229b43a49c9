-- One row per decision of a bandit whose window has closed: the variant, its probability, and whether it was a success.
-- Decisions with another window or outcome than the current ones do not count.
with

decisions as (

    select
        *,
        lead(decided_at) over (partition by experiment_code, customer_key order by decided_at) as next_decided_at
    from {{ history_of('bandit_decisions', [
        'experiment_code', 'variant', 'share', 'decided_at', 'outcome_name', 'window_days'
    ]) }} as earlier

),

-- An outcome that is not recorded is unknown, not a failure.
recorded_outcomes as (

    select 'purchased' as outcome_name
    union all
    select 'clicked' as outcome_name from {{ ref('stg_landing__presence') }}
    where has_email_events

),

closed_decisions as (

    select
        decisions.experiment_code,
        decisions.variant,
        decisions.customer_key,
        decisions.share,
        decisions.decided_at,
        decisions.outcome_name,
        decisions.window_days
    from decisions
    inner join {{ ref('int_bandit_variants') }} as variants
        on
            decisions.experiment_code = variants.experiment_code
            and decisions.variant = variants.variant
            and decisions.outcome_name = variants.outcome_name
            and decisions.window_days = variants.window_days
    inner join recorded_outcomes on decisions.outcome_name = recorded_outcomes.outcome_name
    where
        {{ elapsed('day', 'decisions.decided_at', as_of()) }} >= decisions.window_days
        and {{ elapsed('day', 'decisions.decided_at', as_of()) }} < decisions.window_days + variants.memory_days
        -- A decision that another one replaced early has no whole window.
        and (
            decisions.next_decided_at is null
            or {{ elapsed('day', 'decisions.decided_at', 'decisions.next_decided_at') }} >= decisions.window_days
        )

),

outcomes as (

    select customer_key, 'purchased' as outcome_name, ordered_at as acted_at
    from {{ ref('fct_orders') }}
    where is_purchase
    union all
    select customer_key, 'clicked' as outcome_name, occurred_at as acted_at
    from {{ ref('fct_email_events') }}
    where event_name = 'clicked'

),

successes as (

    select distinct
        closed_decisions.experiment_code,
        closed_decisions.customer_key,
        closed_decisions.decided_at
    from closed_decisions
    inner join outcomes
        on
            closed_decisions.customer_key = outcomes.customer_key
            and closed_decisions.outcome_name = outcomes.outcome_name
    where
        outcomes.acted_at >= closed_decisions.decided_at
        and {{ elapsed('day', 'closed_decisions.decided_at', 'outcomes.acted_at') }} < closed_decisions.window_days

)

select
    closed_decisions.experiment_code,
    closed_decisions.variant,
    closed_decisions.customer_key,
    closed_decisions.decided_at,
    closed_decisions.share,
    successes.customer_key is not null as is_success
from closed_decisions
left join successes
    on
        closed_decisions.experiment_code = successes.experiment_code
        and closed_decisions.customer_key = successes.customer_key
        and closed_decisions.decided_at = successes.decided_at
