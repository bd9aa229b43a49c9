-- One row per customer, purpose and channel that a decision is about, with the decision that counts. Within the
-- records that identifiers link, the latest decision wins, and the stricter of two at the same moment; a date without
-- a time may be any moment of its day. Between records that only matching details link, a refusal wins, and of two
-- grants the longer one.
with

-- Signals of browsers, refusals of logins and those under a customer's key are among the decisions of a build
-- already, and may be newer between two builds.
decisions as (

    select customer_key, linked_group, purpose, channel, status, decided_at, expires_at, decision_id
    from {{ ref('fct_consent') }}
    union all
    select customer_key, null, purpose, channel, status, decided_at, null, decision_id
    from {{ ref('int_privacy_signals') }}
    union all
    select customer_key, linked_group, purpose, channel, status, decided_at, null, decision_id
    from {{ ref('int_login_refusals') }}
    union all
    select customer_key, null, purpose, channel, status, decided_at, null, decision_id
    from {{ ref('int_stated_refusals') }}

),

questions as (

    select * from {{ ref('int_consent_questions') }}

),

linked_groups as (

    select distinct customer_key, purpose, linked_group
    from decisions
    where linked_group is not null

),

-- The records that identifiers link have one voice. A withdrawal through the customer's own action has no linked
-- group: it counts in every voice of the customer, or as the only one.
voices as (

    select customer_key, linked_group as voice, purpose, channel, status, decided_at, expires_at, decision_id
    from decisions
    where linked_group is not null
    union all
    select
        decisions.customer_key, linked_groups.linked_group, decisions.purpose, decisions.channel, decisions.status,
        decisions.decided_at, decisions.expires_at, decisions.decision_id
    from decisions
    left join linked_groups
        on decisions.customer_key = linked_groups.customer_key and decisions.purpose = linked_groups.purpose
    where decisions.linked_group is null

),

-- A decision without a channel counts for every channel.
latest_by_voice as (

    select
        questions.customer_key,
        questions.purpose,
        questions.channel,
        voices.status,
        voices.decided_at,
        voices.expires_at,
        voices.decision_id
    from questions
    inner join voices
        on questions.customer_key = voices.customer_key and questions.purpose = voices.purpose
    where voices.channel is null or questions.channel = voices.channel
    qualify row_number() over (
        partition by questions.customer_key, questions.purpose, questions.channel, voices.voice
        order by
            case
                when voices.status = 'granted' then {{ micros_between("timestamp '1970-01-01'", 'voices.decided_at') }}
                else {{ last_moment_meant('voices.decided_at') }}
            end desc,
            case when voices.status = 'granted' then 1 else 0 end,
            voices.expires_at nulls last,
            voices.decision_id
    ) = 1

)

select
    customer_key,
    purpose,
    channel,
    status,
    decided_at,
    expires_at,
    decision_id
from latest_by_voice
qualify row_number() over (
    partition by customer_key, purpose, channel
    order by
        case when status = 'granted' then 1 else 0 end,
        coalesce(expires_at, timestamp '9999-12-31') desc,
        decided_at desc,
        decision_id
) = 1
