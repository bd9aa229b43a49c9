-- One row per decision of a bandit whose window has closed: what was shown with which chance, and whether it worked.
-- Decisions made with another window or for another outcome than today's are of another bandit.
with

decisions as (

    select
        *,
        lead(decided_at) over (partition by experiment_code, customer_key order by decided_at) as next_decided_at
    from {{ history_of('bandit_decisions', [
        'experiment_code', 'variant', 'share', 'decided_at', 'outcome_name', 'window_days'
    ]) }} as earlier

),

-- What nobody recorded is unknown, and no failure.
recorded as (

    select 'purchased' as outcome_name
    union all
    select 'clicked' as outcome_name from {{ ref('stg_landing__presence') }}
    where has_email_events

),

decided as (

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
    inner join recorded on decisions.outcome_name = recorded.outcome_name
    where
        {{ elapsed('day', 'decisions.decided_at', as_of()) }} >= decisions.window_days
        and {{ elapsed('day', 'decisions.decided_at', as_of()) }} < decisions.window_days + variants.memory_days
        -- One that was cut short has no window of its own.
        and (
            decisions.next_decided_at is null
            or {{ elapsed('day', 'decisions.decided_at', 'decisions.next_decided_at') }} >= decisions.window_days
        )

),

acts as (

    select customer_key, 'purchased' as outcome_name, ordered_at as acted_at
    from {{ ref('fct_orders') }}
    where is_purchase
    union all
    select customer_key, 'clicked' as outcome_name, occurred_at as acted_at
    from {{ ref('fct_email_events') }}
    where event_name = 'clicked'

),

worked as (

    select distinct
        decided.experiment_code,
        decided.customer_key,
        decided.decided_at
    from decided
    inner join acts
        on decided.customer_key = acts.customer_key and decided.outcome_name = acts.outcome_name
    where
        acts.acted_at >= decided.decided_at
        and {{ elapsed('day', 'decided.decided_at', 'acts.acted_at') }} < decided.window_days

)

select
    cast(decided.experiment_code as string) as experiment_code,
    cast(decided.variant as string) as variant,
    cast(decided.customer_key as string) as customer_key,
    cast(decided.decided_at as timestamp) as decided_at,
    cast(decided.share as double) as share,
    cast(worked.customer_key is not null as boolean) as is_success
from decided
left join worked
    on
        decided.experiment_code = worked.experiment_code
        and decided.customer_key = worked.customer_key
        and decided.decided_at = worked.decided_at
