-- One row per customer, purpose and channel: whether we may use their data as of now, and on what basis. Channel 'all'
-- is the rule; a single channel has a row where a decision names it. Without a decision, the law of the customer's
-- jurisdiction decides.
with

questions as (

    select * from {{ ref('int_consent_questions') }}

),

resolved as (

    select
        questions.*,
        latest_decision.decided_at,
        latest_decision.expires_at,
        case
            when latest_decision.status is null and defaults.is_allowed then 'allowed until objection'
            when latest_decision.status is null then 'no consent on record'
            when latest_decision.status <> 'granted' then latest_decision.status
            when latest_decision.expires_at <= {{ as_of() }} then 'expired'
            else 'granted'
        end as basis
    from questions
    left join {{ ref('int_latest_consent') }} as latest_decision
        on
            questions.customer_key = latest_decision.customer_key
            and questions.purpose = latest_decision.purpose
            and questions.channel = latest_decision.channel
    left join {{ ref('consent_defaults') }} as defaults
        on questions.jurisdiction = defaults.jurisdiction and questions.purpose = defaults.purpose

)

select
    customer_key,
    purpose,
    channel,
    basis in ('granted', 'allowed until objection') as is_allowed,
    basis,
    jurisdiction,
    decided_at,
    expires_at
from resolved
