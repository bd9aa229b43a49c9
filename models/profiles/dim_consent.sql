-- One row per customer and purpose: may we, as of now, and on what ground. The latest decision wins, the
-- stricter of two at one moment; without one, the law of the person's jurisdiction decides.
with

decisions as (

    select * from {{ ref('int_consent_decisions') }}

),

latest_decision as (

    select * from decisions
    qualify row_number() over (
        partition by customer_key, purpose
        order by
            decided_at desc,
            case when status = 'granted' then 1 else 0 end,
            expires_at nulls last,
            decision_id
    ) = 1

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

purposes as (

    select distinct purpose from {{ ref('consent_defaults') }}

),

resolved as (

    select
        residents.customer_key,
        purposes.purpose,
        residents.jurisdiction,
        latest_decision.decided_at,
        latest_decision.expires_at,
        case
            when latest_decision.status is null and defaults.is_allowed then 'allowed until objection'
            when latest_decision.status is null then 'no consent on record'
            when latest_decision.status <> 'granted' then latest_decision.status
            when latest_decision.expires_at <= {{ as_of() }} then 'expired'
            else 'granted'
        end as basis
    from residents
    cross join purposes
    left join latest_decision
        on
            residents.customer_key = latest_decision.customer_key
            and purposes.purpose = latest_decision.purpose
    left join {{ ref('consent_defaults') }} as defaults
        on residents.jurisdiction = defaults.jurisdiction and purposes.purpose = defaults.purpose

)

select
    cast(customer_key as string) as customer_key,
    cast(purpose as string) as purpose,
    cast(basis in ('granted', 'allowed until objection') as boolean) as is_allowed,
    cast(basis as string) as basis,
    cast(jurisdiction as string) as jurisdiction,
    cast(decided_at as timestamp) as decided_at,
    cast(expires_at as timestamp) as expires_at
from resolved
