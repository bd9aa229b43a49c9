-- One row per customer, purpose and channel: may we, as of now, and on what ground. Channel 'all' is the rule; a
-- channel has a row of its own where somebody decided about it alone. The latest decision wins, the stricter of
-- two at one moment; of records that are one person only because their details match, any that says no. Without a
-- decision, the law of the person's jurisdiction decides.
with

decisions as (

    select * from {{ ref('fct_consent') }}

),

stated_jurisdiction as (

    select customer_key, jurisdiction
    from decisions
    where jurisdiction is not null
    qualify row_number() over (
        partition by customer_key order by decided_at desc, jurisdiction, decision_id
    ) = 1

),

residents as (

    select
        customers.customer_key,
        coalesce(
            stated_jurisdiction.jurisdiction,
            case when customers.country_code = 'US' and customers.region = 'CA' then 'US-CA' end,
            countries.jurisdiction,
            '{{ var("default_jurisdiction") }}'
        ) as jurisdiction
    from {{ ref('dim_customers') }} as customers
    left join stated_jurisdiction on customers.customer_key = stated_jurisdiction.customer_key
    left join {{ ref('jurisdictions') }} as countries on customers.country_code = countries.country_code

),

-- About what we must know: everything in general, and a channel where somebody spoke of it.
questions as (

    select
        residents.customer_key,
        residents.jurisdiction,
        purposes.purpose,
        'all' as channel
    from residents
    cross join (select distinct purpose from {{ ref('consent_defaults') }}) as purposes
    union all
    select distinct
        residents.customer_key,
        residents.jurisdiction,
        decisions.purpose,
        decisions.channel
    from decisions
    inner join residents on decisions.customer_key = residents.customer_key
    where decisions.channel is not null

),

linked_groups as (

    select distinct customer_key, purpose, linked_group
    from decisions
    where linked_group is not null

),

-- What identifiers tie speaks with one voice. A withdrawal by deed is the person's, and of all of them that spoke.
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

-- What was decided in general counts for a channel, too.
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
            voices.decided_at desc,
            case when voices.status = 'granted' then 1 else 0 end,
            voices.expires_at nulls last,
            voices.decision_id
    ) = 1

),

latest_decision as (

    select * from latest_by_voice
    qualify row_number() over (
        partition by customer_key, purpose, channel
        order by
            case when status = 'granted' then 1 else 0 end,
            coalesce(expires_at, timestamp '9999-12-31') desc,
            decided_at desc,
            decision_id
    ) = 1

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
    left join latest_decision
        on
            questions.customer_key = latest_decision.customer_key
            and questions.purpose = latest_decision.purpose
            and questions.channel = latest_decision.channel
    left join {{ ref('consent_defaults') }} as defaults
        on questions.jurisdiction = defaults.jurisdiction and questions.purpose = defaults.purpose

)

select
    cast(customer_key as string) as customer_key,
    cast(purpose as string) as purpose,
    cast(channel as string) as channel,
    cast(basis in ('granted', 'allowed until objection') as boolean) as is_allowed,
    cast(basis as string) as basis,
    cast(jurisdiction as string) as jurisdiction,
    cast(decided_at as timestamp) as decided_at,
    cast(expires_at as timestamp) as expires_at
from resolved
